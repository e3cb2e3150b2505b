using System.Numerics.Tensors;

namespace Heed.Tests.Tensors;

public sealed class TensorTests
{
    [Fact]
    public void Shapes_compare_print_and_refuse_nonsense()
    {
        new Shape(2, 3).ShouldBe(new Shape(2, 3));
        (new Shape(2, 3) == new Shape(3, 2)).ShouldBeFalse();
        new Shape(2, 3).ToString().ShouldBe("(2, 3)");
        (Shape.Scalar.Rank, Shape.Scalar.Length, new Shape().Length).ShouldBe((0, 1, 1));
        new Shape(2, 0, 3).Length.ShouldBe(0);
        Should.Throw<ShapeException>(() => new Shape(2, -1));
        Should.Throw<ShapeException>(() => new Shape(1 << 16, 1 << 16)).Message.ShouldContain("65536, 65536");
    }

    [Fact]
    public void Tensor_spans_go_out_without_a_copy_and_come_in_with_one()
    {
        float[] values = [.. Enumerable.Range(0, 24).Select(i => (float)i)];
        Tensor tensor = new(values, new Shape(2, 3, 4));
        ReadOnlyTensorSpan<float> span = tensor.AsReadOnlyTensorSpan();
        span.Lengths.ToArray().ShouldBe([2, 3, 4]);
        values[23] = 99;
        span[1, 2, 3].ShouldBe(99);
        TensorSpan<float> strided = new TensorSpan<float>(values, [2, 3, 4]).Slice(0..2, 1..3, 0..2);
        Tensor copy = Tensor.From(strided);
        copy.Shape.ShouldBe(new Shape(2, 2, 2));
        copy.ToArray().ShouldBe([4, 5, 8, 9, 16, 17, 20, 21]);
        new Tensor(new float[1], Shape.Scalar).AsReadOnlyTensorSpan().Lengths.ToArray().ShouldBe([1]);
    }

    [Fact]
    public void A_tensor_span_for_writing_is_the_tensors_own_memory()
    {
        float[] values = [.. Enumerable.Range(0, 30).Select(i => (float)i)];
        Tensor tensor = new(values, new Shape(2, 3, 5));
        TensorSpan<float> span = tensor.AsTensorSpan();
        span.Lengths.ToArray().ShouldBe([2, 3, 5]);
        span[1, 0, 2] = -7;
        values[17].ShouldBe(-7);
        tensor.Values[17].ShouldBe(-7);
        // A library function of System.Numerics.Tensors in place.
        System.Numerics.Tensors.Tensor.Multiply(span, 2f, span);
        tensor.Values[29].ShouldBe(58);
        tensor.Values[17].ShouldBe(-14);
        Tensor.From([3], Shape.Scalar).AsTensorSpan().Lengths.ToArray().ShouldBe([1]);
        Tensor.From([], new Shape(2, 0)).AsTensorSpan().FlattenedLength.ShouldBe(0);
        Step.Evaluate(pass => pass.Input([1, 2], new Shape(2)).Scale(3)).AsTensorSpan()[1].ShouldBe(6, "a kept result is the caller's");
    }

    [Fact]
    public void Tensors_of_a_step_and_of_parameters_have_no_span_for_writing()
    {
        Parameter p = new(new Shape(3), Initializer.Ones);
        Tensor? late = null;
        Step.Evaluate(pass =>
        {
            Tensor x = pass.Input([1, 2], new Shape(2)), w = pass.Use(p);
            Should.Throw<InvalidOperationException>(() => x.AsTensorSpan()[0] = 1).Message.ShouldContain("Tensor (2) belongs to a step, whose operations have read it; write into a copy");
            x.AsReadOnlyTensorSpan()[1].ShouldBe(2);
            Should.Throw<InvalidOperationException>(() => w.AsTensorSpan()[0] = 1).Message.ShouldContain("Tensor (3) is a parameter's; write with Parameter.Assign");
            Should.Throw<InvalidOperationException>(() => w.Keep().AsTensorSpan()[0] = 1, "the parameter would not know").Message.ShouldContain("a parameter's");
            late = x;
            return 0;
        });
        Should.Throw<InvalidOperationException>(() => late!.AsTensorSpan()[0] = 1).Message.ShouldContain("belongs to a step");
    }

    [Fact]
    public void Our_memory_starts_on_64_bytes()
    {
        foreach (int length in new[] { 1, 3, 17, 1000, 100_003 })
        {
            Tensor t = Tensor.From(new float[length], new Shape(length));
            using System.Buffers.MemoryHandle pin = t.Memory.Pin();
            unsafe
            {
                ((nint)pin.Pointer % 64).ShouldBe(0);
            }
        }
    }

    [Fact]
    public void Messages_name_operation_argument_required_got_and_fix()
    {
        Tensor x = Tensor.From(new float[6], new Shape(2, 3)), w = Tensor.From(new float[8], new Shape(2, 4));
        Should.Throw<ShapeException>(() => Tensor.Linear(x, w)).Message.ShouldBe("Linear: x has shape (2, 3) but (…, in) with in = 4 is required. Is the weight stored as (out, in)?");
        Should.Throw<ShapeException>(() => x + w).Message.ShouldContain("Add: the right operand has shape (2, 4) but (2, 3), or a suffix of it, is required.");
        Should.Throw<ShapeException>(() => x.Reshape(new Shape(4))).Message.ShouldContain("6 elements");
        Should.Throw<ShapeException>(() => x.Columns(2, 2));
        Should.Throw<ShapeException>(() => x.SoftmaxOverTime(new[] { 1, 2 }));
        Should.Throw<ShapeException>(() => Tensor.CrossEntropy(x, new[] { 0 }));
        Should.Throw<InvalidOperationException>(() => x.Item);
    }

    [Fact]
    public void Products_and_sums_have_the_numbers_of_the_book()
    {
        Tensor a = Tensor.From([1, 2, 3, 4], new Shape(2, 2)), b = Tensor.From([5, 6, 7, 8], new Shape(2, 2));
        a.MatMul(b).ToArray().ShouldBe([19, 22, 43, 50]);
        a.MatMulTransposed(b).ToArray().ShouldBe([17, 23, 39, 53]);
        Tensor.Linear(a, b, Tensor.From([10, 20], new Shape(2))).ToArray().ShouldBe([27, 43, 49, 73]);
        (a.Sum().Item, a.Mean().Item).ShouldBe((10, 2.5f));
        a.Transpose().ToArray().ShouldBe([1, 3, 2, 4]);
        Tensor.Concatenate(a, b).ToArray().ShouldBe([1, 2, 5, 6, 3, 4, 7, 8]);
        (-a + 2f * b).ToArray().ShouldBe([9, 10, 11, 12]);
    }
}
