namespace Heed.Tests.Tensors;

public sealed class StepTests
{
    [Fact]
    public void A_tensor_used_after_its_step_throws_and_says_what_to_do()
    {
        Tensor? escaped = null;
        Step.Train(new RandomStream(1, "t"), 17, pass => Loss(pass, new Parameter(new Shape(3), Initializer.Ones), out escaped));
        InvalidOperationException error = Should.Throw<InvalidOperationException>(() => escaped!.ToArray());
        error.Message.ShouldContain("belonged to step 17");
        error.Message.ShouldContain("Keep()");
        Should.Throw<InvalidOperationException>(() => escaped!.Tanh());
    }

    [Fact]
    public void What_a_step_returns_is_kept_and_other_steps_do_not_change_it()
    {
        Tensor kept = Step.Evaluate(pass => pass.Input([1, 2, 3], new Shape(3)).Scale(2));
        (Tensor a, Tensor b) = Step.Evaluate(pass => (pass.Input([1], new Shape(1)), pass.Input([2], new Shape(1))));
        List<Tensor> many = Step.Evaluate(pass => new List<Tensor> { pass.Input([5], new Shape(1)) });
        for (int i = 0; i < 20; i++)
            Step.Evaluate(pass => pass.Input(new float[64], new Shape(64)).Exp().Values[0]);
        kept.ToArray().ShouldBe([2, 4, 6]);
        (a.Item, b.Item, many[0].Item).ShouldBe((1, 2, 5));
    }

    [Fact]
    public async Task A_step_survives_await_and_many_run_at_once()
    {
        float[] results = await Task.WhenAll(Enumerable.Range(0, 64).Select(i => Step.EvaluateAsync(async pass =>
        {
            Tensor x = pass.Input([i], new Shape(1));
            await Task.Delay(1 + (i % 7));
            Tensor y = x.Scale(3);
            await Task.Yield();
            return (y + x).Item;
        })));
        results.ShouldBe(Enumerable.Range(0, 64).Select(i => 4f * i));
    }

    [Fact]
    public void Tensors_of_two_steps_do_not_mix() =>
        Should.Throw<InvalidOperationException>(() => Step.Evaluate(outer => Step.Evaluate(inner => inner.Input([1], new Shape(1)) + outer.Input([1], new Shape(1)))))
            .Message.ShouldContain("different steps");

    [Fact]
    public void A_parameter_outside_the_loss_has_no_gradient_and_used_ones_add_up()
    {
        Parameter used = new(new Shape(3), Initializer.Ones), unused = new(new Shape(3), Initializer.Ones);
        for (int i = 0; i < 2; i++)
            Step.Train(new RandomStream(1, "t"), i, pass => Loss(pass, used, out _));
        unused.HasGradient.ShouldBeFalse();
        used.Gradient.ToArray().ShouldBe([4, 4, 4]);
        used.ClearGradient();
        used.HasGradient.ShouldBeFalse();
    }

    [Fact]
    public void A_frozen_parameter_gets_no_gradient()
    {
        Parameter a = new(new Shape(3), Initializer.Ones), b = new(new Shape(3), Initializer.Ones) { IsTrained = false };
        Step.Train(new RandomStream(1, "t"), 0, pass => (pass.Use(a) * pass.Use(b)).Sum());
        (a.HasGradient, b.HasGradient).ShouldBe((true, false));
    }

    [Fact]
    public void The_loss_must_be_one_element_and_depend_on_a_parameter()
    {
        Parameter p = new(new Shape(3), Initializer.Ones);
        Should.Throw<InvalidOperationException>(() => Step.Train(new RandomStream(1, "t"), 0, pass => pass.Use(p).Tanh()));
        Should.Throw<InvalidOperationException>(() => Step.Train(new RandomStream(1, "t"), 0, pass => pass.Input([1], new Shape()))).Message.ShouldContain("no parameter");
    }

    [Fact]
    public void Anomaly_mode_names_the_operation_in_which_the_first_bad_value_arose()
    {
        Parameter p = new(new Shape(2, 2), Initializer.Ones);
        p.Assign([1, 2, -1, 3]);
        AnomalyException error = Should.Throw<AnomalyException>(() =>
            Step.Train(new RandomStream(1, "t"), 0, pass => pass.Use(p).Log().Tanh().Exp().Sum(), findAnomalies: true));
        error.Message.ShouldContain("Log made NaN at [1, 0]");
        p.Assign([1, 2, 0, 3]);
        Should.Throw<AnomalyException>(() => Step.Train(new RandomStream(1, "t"), 0, pass => pass.Use(p).Sqrt().Sum(), findAnomalies: true))
            .Message.ShouldContain("backward pass of Sqrt made +infinity at [1, 0]");
        float.IsNaN(Step.Train(new RandomStream(1, "t"), 0, pass => pass.Use(p).Scale(-1).Log().Sum())).ShouldBeTrue("without the mode nothing is checked");
    }

    [Fact]
    public void A_cleared_gradient_starts_from_nothing_whoever_writes_it_first()
    {
        Parameter w = new(new Shape(2, 3), Initializer.Ones), table = new(new Shape(4, 3), Initializer.Ones);
        float[] x = [1, 2, 3];
        void Linear() => Step.Train(new RandomStream(1, "t"), 0, pass => Tensor.Linear(pass.Input(x, new Shape(1, 3)), pass.Use(w)).Sum());
        void Scale() => Step.Train(new RandomStream(1, "t"), 0, pass => pass.Use(w).Scale(10).Sum());
        Linear();
        Linear();
        w.Gradient.ToArray().ShouldBe([2, 4, 6, 2, 4, 6], "overwritten first, then added to");
        w.ClearGradient();
        w.Gradient.Length.ShouldBe(0);
        Scale();
        w.Gradient.ToArray().ShouldBe([10, 10, 10, 10, 10, 10], "an operation that only adds");
        Linear();
        w.Gradient.ToArray().ShouldBe([11, 12, 13, 11, 12, 13]);

        // All of a table, cleared, then a few of its rows.
        Step.Train(new RandomStream(1, "t"), 0, pass => pass.Use(table).Scale(7).Sum());
        table.ClearGradient();
        Step.Train(new RandomStream(1, "t"), 0, pass => Tensor.Embed(pass.Use(table), new[] { 2 }, new Shape(1), 0).Sum());
        table.Gradient.ToArray().ShouldBe([0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0]);
    }

    [Fact]
    public void A_weight_that_a_recurrent_layer_uses_twice_gets_both_gradients()
    {
        Parameter[] forward = [Drawn("ih", 8, 2), Drawn("hh", 8, 2), Drawn("bi", 8), Drawn("bh", 8)];
        GradientCheck.Run(
            forward.Select((p, i) => ($"weight {i}", p)),
            pass =>
            {
                Tensor[] w = [.. forward.Select(p => pass.Use(p))];
                return Tensor.Lstm(pass.Input([1, -1, 0.5f, 2, 0.3f, 1], new Shape(1, 3, 2)), SequenceRanges.Full(1, 3), [.. w, .. w]).Output;
            });
    }

    private static Parameter Drawn(string name, params int[] sizes)
    {
        Parameter parameter = new(new Shape(sizes), Initializer.Normal(0.5));
        parameter.Initialize(new RandomStream(3, name));
        return parameter;
    }

    [Fact]
    public void Ended_steps_poison_their_memory_when_asked()
    {
        Memory<float> memory = default;
        TensorPool.Poison = true;
        try
        {
            Step.Evaluate(pass =>
            {
                memory = pass.Input([1, 2, 3], new Shape(3)).Memory;
                return 0;
            });
        }
        finally
        {
            TensorPool.Poison = false;
        }
        // Another test's step may already have the block, so only its first use is certain: never the old values.
        memory.Span.ToArray().ShouldNotBe([1, 2, 3]);
    }

    private static Tensor Loss(Pass pass, Parameter parameter, out Tensor inside)
    {
        inside = pass.Use(parameter).Scale(2);
        return inside.Sum();
    }

    [Fact]
    public void The_first_product_with_new_weights_reads_them_as_they_lie_and_has_the_bits_of_those_that_follow()
    {
        Linear layer = new(67, 41);
        RandomStream random = new(3, "weights");
        float[] x = [.. Enumerable.Range(0, 5 * 67).Select(_ => (float)random.NextNormal())];
        float[] previous = [];
        for (int round = 0; round < 2; round++)
        {
            layer.Initialize((ulong)round);
            float[] first = Multiplied(), second = Multiplied(), third = Multiplied();
            second.ShouldBe(first);
            third.ShouldBe(first);
            first.ShouldNotBe(previous);
            previous = first;
        }

        float[] Multiplied() => Step.Evaluate(pass => layer.Forward(pass.Input(x, new Shape(5, 67)), pass)).ToArray();
    }
}
