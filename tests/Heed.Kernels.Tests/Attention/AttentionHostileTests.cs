using Heed.Testing;

namespace Heed.Kernels.Tests;

/// <summary>Every entry point with random calls, half of them wrong in one thing: what is wrong is refused before anything is written, and what is right writes all of its results and nothing beside them.</summary>
[Trait("Legs", "InstructionSets")]
public class AttentionHostileTests
{
    private static readonly int calls = ChildTestRun.IsChild ? 60 : 200;

    [SkippableFact]
    public void Forward_with_statistics() => Each((call, isWrong) => call.Forward(isWrong));

    [SkippableFact]
    public void Backward_with_all_gradients() => Each((call, isWrong) => call.Backward(isWrong));

    [SkippableFact]
    public void Weights_of_a_tile() => Each((call, isWrong) => call.Weights(isWrong));

    [SkippableFact]
    public void Merged_parts()
    {
        Skip.IfNot(GuardedMemory.IsSupported, "guarded pages are taken from Linux");
        var random = new System.Random(4);
        for (int i = 0; i < calls; i++)
        {
            int rows = random.Next(1, 9), size = random.Next(1, 9);
            float[] output = Numbers(rows * size), log = Logs(rows), otherOutput = Numbers(rows * size), otherLog = Logs(rows);
            HostileBuffer[] all = [HostileBuffer.Operand(random, output), HostileBuffer.Operand(random, log), HostileBuffer.Operand(random, otherOutput), HostileBuffer.Operand(random, otherLog)];
            int wrong = i % 2 == 0 ? 0 : random.Next(1, 3), which = random.Next(4), on = (which + random.Next(1, 4)) % 4;
            if (wrong == 1)
                all[which].Cut(random);
            else if (wrong == 2)
                all[which].LieOn(all[on]);
            ArgumentException? refusal = null;
            try
            {
                FusedAttention.Merge(all[0].Span, all[1].Span, all[2].Span, all[3].Span);
            }
            catch (ArgumentException e)
            {
                refusal = e;
            }
            // The two that are only read may share their memory, if each has its length there.
            bool isRight = wrong == 0 || (wrong == 2 && which + on == 5 && (which == 3 || size == 1));
            (refusal is null).ShouldBe(isRight, $"{rows} × {size}, {wrong}, {which} on {on}");
            for (int j = isRight ? 2 : 0; j < 4; j++)
                all[j].Check(isRefused: true, $"buffer {j}");
            for (int row = 0; row < rows && wrong == 0; row++)
            {
                double a = Math.Exp(log[row]), b = Math.Exp(otherLog[row]), sum = a + b;
                if (sum == 0)
                    all[1].Span[row].ShouldBe(float.NegativeInfinity);
                else
                    ((double)all[1].Span[row]).ShouldBe(Math.Log(sum), 2e-6);
                for (int j = row * size; j < (row + 1) * size; j++)
                    ((double)all[0].Span[j]).ShouldBe(sum == 0 ? output[j] : ((output[j] * a) + (otherOutput[j] * b)) / sum, 2e-6);
            }
            Array.ForEach(all, b => b.Dispose());
        }

        float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => (2 * random.NextSingle()) - 1)];
        float[] Logs(int count) => [.. Numbers(count).Select(x => random.Next(4) == 0 ? float.NegativeInfinity : 10 * x)];
    }

    private static void Each(Action<HostileAttention, bool> run)
    {
        Skip.IfNot(GuardedMemory.IsSupported, "guarded pages are taken from Linux");
        var random = new System.Random(9);
        for (int i = 0; i < calls; i++)
        {
            using var call = new HostileAttention(random);
            run(call, i % 2 == 1);
        }
    }
}
