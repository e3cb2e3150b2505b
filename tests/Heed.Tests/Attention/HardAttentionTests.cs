namespace Heed.Tests.Attention;

/// <summary>Sampling, log-probabilities and reinforcement.</summary>
public sealed class HardAttentionTests
{
    [Fact]
    public void Each_key_is_drawn_as_often_as_softmax_says()
    {
        // softmax(0, ln 2, ln 3) = 1/6, 2/6, 3/6; the fourth key is masked.
        float[] row = [0, MathF.Log(2), MathF.Log(3), float.NegativeInfinity];
        foreach (Distribution distribution in new Distribution[] { new HardAttention(), new HardAttention(HardGradient.StraightThrough), new GumbelSoftmax(0.5f, IsHard: true) })
        {
            const int Draws = 6000;
            DistributionFunction function = distribution.Create(1);
            int[] counts = new int[4];
            Parameter scores = Repeated(row, Draws);
            Train(pass =>
            {
                Tensor weights = function.Weights(pass.Use(scores), pass);
                for (int i = 0; i < weights.Length; i++)
                    counts[i % 4] += weights.Values[i] == 1 ? 1 : weights.Values[i] == 0 ? 0 : throw new InvalidOperationException("a weight is neither 0 nor 1");
                return (weights * pass.Use(scores).Softmax()).Sum();
            });
            counts.Sum().ShouldBe(Draws);
            counts[3].ShouldBe(0);
            // Four standard deviations of a binomial count.
            for (int j = 0; j < 3; j++)
                Math.Abs(counts[j] - (Draws * (j + 1) / 6.0)).ShouldBeLessThan(4 * Math.Sqrt(Draws * (j + 1) / 6.0 * (5 - j) / 6.0), $"{distribution}, key {j}");
        }
    }

    [Fact]
    public void Evaluation_takes_the_largest_and_draws_nothing()
    {
        float[] scores = [1, 3, 2, float.NegativeInfinity, float.NegativeInfinity, float.NegativeInfinity];
        foreach (Distribution distribution in new Distribution[] { new HardAttention(), new HardAttention(HardGradient.StraightThrough), new GumbelSoftmax(0.5f, IsHard: true) })
        {
            DistributionFunction function = distribution.Create(1);
            Step.Evaluate(pass => function.Weights(Tensor.From(scores, new Shape(1, 1, 2, 3)), pass)).ToArray().ShouldBe([0, 1, 0, 0, 0, 0]);
        }
        float[] soft = Step.Evaluate(pass => new GumbelSoftmax(0.5f).Create(1).Weights(Tensor.From(scores, new Shape(1, 1, 2, 3)), pass)).ToArray();
        soft[0].ShouldBe((float)(Math.Exp(2) / (Math.Exp(2) + Math.Exp(6) + Math.Exp(4))), 1e-6);
        soft[3..].ShouldBe([0, 0, 0]);
    }

    [Fact]
    public void Log_probability_and_entropy_by_hand()
    {
        // p = 1/4, 3/4: ln p₁ = ln 0.75, H = −(¼ ln ¼ + ¾ ln ¾).
        (float log, float entropy) = Step.Evaluate(pass =>
        {
            (Tensor a, Tensor b) = Tensor.From([0, MathF.Log(3)], new Shape(1, 2)).LogProbabilityOf(new[] { 1 });
            return (a.Item, b.Item);
        });
        log.ShouldBe((float)Math.Log(0.75), 1e-6);
        entropy.ShouldBe((float)-((0.25 * Math.Log(0.25)) + (0.75 * Math.Log(0.75))), 1e-6);
    }

    [Fact]
    public void The_gradient_of_reinforcement_is_that_of_the_expected_reward()
    {
        // One row of energies, rewards 1, 5, 2 for the three keys: d E[R]/d e_j = p_j·(R_j − E[R]).
        float[] energies = [0.3f, -0.2f, 0.5f], reward = [1, 5, 2];
        const int Draws = 20_000;
        double[] p = [.. energies.Select(e => Math.Exp(e))];
        double sum = p.Sum();
        p = [.. p.Select(x => x / sum)];
        double expected = p.Zip(reward, (a, b) => a * b).Sum();
        DistributionFunction function = new HardAttention().Create(1);
        Parameter one = new(new Shape(3), Initializer.Zeros);
        one.Assign(energies);
        ReinforceLoss loss = new(entropyWeight: 0);
        Train(pass =>
        {
            Tensor rows = pass.Input(new float[Draws * 3], new Shape(Draws, 1, 1, 3)) + pass.Use(one);
            (Tensor weights, HardChoice? choice) = function.Draw(rows, default, pass);
            float[] rewards = [.. Enumerable.Range(0, Draws).Select(i => weights.Values[(i * 3) + 1] == 1 ? reward[1] : weights.Values[i * 3] == 1 ? reward[0] : reward[2])];
            return loss.Forward(choice!.LogProbabilities, rewards, pass);
        });
        for (int j = 0; j < 3; j++)
            (-one.Gradient[j]).ShouldBe((float)(p[j] * (reward[j] - expected)), 0.06);
    }

    [Fact]
    public void The_loss_by_hand_and_its_moving_average()
    {
        ReinforceLoss loss = new(entropyWeight: 0.1, momentum: 0.5);
        Parameter logs = new(new Shape(2, 2), Initializer.Zeros), entropies = new(new Shape(2), Initializer.Zeros);
        logs.Assign([-1, -2, -3, -4]);
        entropies.Assign([0.5f, 0.7f]);
        // No reward known yet: b = 0. −(2·(−3) + 4·(−7))/2 − 0.1·1.2/2 = 17 − 0.06.
        Run([2, 4]).ShouldBe(16.94f, 1e-5);
        loss.Baseline.ShouldBe(3, 1e-6);
        logs.Gradient.ToArray().ShouldBe([-1, -1, -2, -2]);
        entropies.Gradient.ToArray().ShouldBe([-0.05f, -0.05f]);
        // b = 3: −((2 − 3)·(−3) + (5 − 3)·(−7))/2 − 0.06.
        Run([2, 5]).ShouldBe(5.5f - 0.06f, 1e-5);
        // (0.25·3 + 0.5·3.5)/0.75.
        loss.Baseline.ShouldBe(10 / 3f, 1e-5);
        // An evaluation leaves the average alone.
        Step.Evaluate(pass => loss.Forward(pass.Use(logs), new float[] { 100, 100 }, pass));
        loss.Baseline.ShouldBe(10 / 3f, 1e-5);

        float Run(float[] rewards)
        {
            logs.ClearGradient();
            entropies.ClearGradient();
            return Train(pass => loss.Forward(pass.Use(logs), rewards, pass, pass.Use(entropies)));
        }
    }

    [Fact]
    public void Predicted_baselines_are_trained_and_get_no_gradient_from_the_first_term()
    {
        ReinforceLoss loss = new(entropyWeight: 0, baselineWeight: 2);
        Parameter logs = new(new Shape(2, 2), Initializer.Zeros), baselines = new(new Shape(2, 2), Initializer.Zeros);
        logs.Assign([-1, -2, -3, -4]);
        baselines.Assign([1, 0, 3, 2]);
        // Advantages 1, 2; 1, 2: −(−1 − 4 − 3 − 8)/2 + 2·(1 + 4 + 1 + 4)/2.
        Train(pass => loss.Forward(pass.Use(logs), new float[] { 2, 4 }, pass, baselines: pass.Use(baselines))).ShouldBe(18, 1e-5);
        logs.Gradient.ToArray().ShouldBe([-0.5f, -1, -0.5f, -1]);
        baselines.Gradient.ToArray().ShouldBe([-2, -4, -2, -4]);
        ReinforceLoss fixedLoss = new(entropyWeight: 0.3, momentum: 0);
        GradientCheck.Run([("logs", logs), ("baselines", baselines)], pass =>
            fixedLoss.Forward(pass.Use(logs).Tanh(), new float[] { 2, 4 }, pass, entropies: pass.Use(logs).Sigmoid(), baselines: pass.Use(baselines).Detach())).ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Hard_attention_learns_where_to_look_by_reinforcement()
    {
        // The value of the key that is like the query is 1, all others 0, and the reward is what was seen: soft gradients through the weights do not exist.
        var attention = new Heed.Attention(new AttentionConfig { QuerySize = 4, KeySize = 4, ValueSize = 1, Score = new GeneralScore(), Distribution = new HardAttention() });
        attention.Initialize(3);
        ReinforceLoss loss = new(entropyWeight: 0.01);
        AdamW optimizer = new(attention.NamedParameters().Select(p => p.Parameter), weightDecay: 0);
        RandomStream random = new(5, "task");
        const int Batch = 64;
        float[] identity = new float[Batch * 16], query = new float[Batch * 4], values = new float[Batch * 4];
        for (int i = 0; i < Batch * 4; i++)
            identity[(i * 4) + (i % 4)] = 1;
        double seen = 0;
        for (int step = 0; step < 200; step++)
        {
            Array.Clear(query);
            for (int b = 0; b < Batch; b++)
                query[(b * 4) + random.Next(4)] = 1;
            query.CopyTo(values, 0);
            Step.Train(random.Fork((ulong)step), step, pass =>
            {
                AttentionResult result = attention.Forward(pass.Input(query, new Shape(Batch, 1, 4)), pass.Input(identity, new Shape(Batch, 4, 4)), pass.Input(values, new Shape(Batch, 4, 1)), null, pass);
                float[] rewards = result.Context.ToArray();
                seen = rewards.Average();
                return loss.Forward(result.Choice!.LogProbabilities, rewards, pass, result.Choice.Entropies);
            });
            optimizer.Step(0.05);
        }
        seen.ShouldBeGreaterThan(0.95);
    }

    [Fact]
    public void What_makes_no_sense_is_refused()
    {
        Should.Throw<ArgumentException>(() => new GumbelSoftmax(0).Create(1)).Message.ShouldContain("Temperature must be positive, got 0");
        Should.Throw<ArgumentException>(() => new HardAttention((HardGradient)7).Create(1)).Message.ShouldContain("no gradient 7");
        Should.Throw<ArgumentOutOfRangeException>(() => new ReinforceLoss(momentum: 1)).Message.ShouldContain("in [0, 1)");
        Should.Throw<ArgumentOutOfRangeException>(() => new ReinforceLoss(entropyWeight: -1)).Message.ShouldContain("at least 0");
        Tensor two = Tensor.From([1, 2], new Shape(2));
        Should.Throw<ShapeException>(() => Step.Evaluate(pass => new ReinforceLoss().Forward(two, new float[3], pass))).Message.ShouldContain("as there are rewards (3, at least 1)");
        Should.Throw<ShapeException>(() => Step.Evaluate(pass => new ReinforceLoss().Forward(two, new float[2], pass, baselines: Tensor.From([1, 2], new Shape(2, 1))))).Message.ShouldContain("the shape of the log-probabilities (2)");
        Should.Throw<ArgumentException>(() => Step.Evaluate(pass => new ReinforceLoss().Forward(two, new float[] { 1, float.NaN }, pass))).Message.ShouldContain("a reward is NaN");
        Should.Throw<ArgumentException>(() => two.LogProbabilityOf(new[] { 2 })).Message.ShouldContain("choice 2 is no place of a row of 2");
        Should.Throw<ShapeException>(() => two.LogProbabilityOf(new[] { 1, 1 })).Message.ShouldContain("2 choices came for 1 rows");
        Should.Throw<ShapeException>(() => two.StraightThrough(Tensor.From([1], new Shape(1))));
    }

    private static float Train(Func<Pass, Tensor> loss) => Step.Train(new RandomStream(11, "test"), 0, loss);

    private static Parameter Repeated(float[] row, int times)
    {
        Parameter parameter = new(new Shape(times, 1, 1, row.Length), Initializer.Zeros);
        parameter.Assign([.. Enumerable.Range(0, times).SelectMany(_ => row)]);
        return parameter;
    }
}
