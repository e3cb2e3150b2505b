using System.Collections.Concurrent;
using Heed.Testing;

namespace Heed.Tests.Data.Pictures;

public class PictureBatchesTests
{
    private static readonly PictureAugmentation all = new()
    {
        CropPadding = 3, FlipProbability = 0.5, LeastArea = 0.5, Brightness = 0.4, Contrast = 0.4, Saturation = 0.4, Cutout = 3, MixupAlpha = 0.4,
    };

    // Long enough for a busy machine; passed only by a test that fails.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public void A_picture_alone_may_be_larger_than_batches_allow()
    {
        PictureBatchOptions reading = new() { Height = 64, Width = 64, Channels = 1, BatchSize = 1 << 20 };
        Should.Throw<ArgumentOutOfRangeException>(reading.Validate).Message.ShouldContain("does not fit an array");
        PictureLook.Batch(new Picture(64, 64, 1, new byte[64 * 64]), reading).BatchSize.ShouldBe(1);
    }

    [Fact]
    public void A_picture_of_the_right_size_is_copied_and_normalised()
    {
        var data = PictureData.FromPictures([(Ramp(7, 5, 3), "a"), (Ramp(7, 5, 3), "b")]);
        var batches = new PictureBatches(data, new PictureBatchOptions { Height = 5, Width = 7, Mean = [0.5f, 0.25f, 0], Deviation = [0.5f, 1, 2] });
        PictureBatch batch = batches.InOrder().Single();
        batch.Targets.ShouldBe([0, 1]);
        (batch.ToTensor().Shape.ToString(), batches.BatchCount).ShouldBe((new Shape(2, 5, 7, 3).ToString(), 1));
        ReadOnlySpan<byte> samples = data.Read(0).Picture.Samples.Span;
        for (int i = 0; i < samples.Length; i++)
        {
            double expected = (samples[i] / 255.0 - new[] { 0.5, 0.25, 0 }[i % 3]) / new[] { 0.5, 1, 2 }[i % 3];
            ((double)batch.Pixels[i]).ShouldBe(expected, 1e-6);
        }
    }

    [Fact]
    public void Bits_do_not_depend_on_threads_and_differ_by_epoch_and_seed()
    {
        var data = PictureData.FromPictures(Enumerable.Range(0, 23).Select(i => (Ramp(9, 11, 3, i * 5), i % 2 == 0 ? "a" : "b")));
        var options = new PictureBatchOptions { Height = 8, Width = 8, BatchSize = 5, Augmentation = all, Seed = 4 };
        float[] one = Values(options, 3), four = Values(options with { Threads = 4, Ahead = 1 }, 3);
        four.ShouldBe(one);
        Values(options, 4).ShouldNotBe(one);
        Values(options with { Seed = 5 }, 3).ShouldNotBe(one);
        new PictureBatches(data, options).Epoch(3).SelectMany(batch => batch.RowIndices).Order().ShouldBe(Enumerable.Range(0, 23));
        // What is drawn for a picture does not depend on what stands beside it.
        PictureBatchOptions plain = options with { Augmentation = all with { MixupAlpha = 0 } };
        Picked(plain, 7).ShouldBe(Picked(plain with { BatchSize = 2 }, 7));

        float[] Values(PictureBatchOptions o, int epoch) => [.. new PictureBatches(data, o).Epoch(epoch).SelectMany(batch => batch.Pixels)];

        float[] Picked(PictureBatchOptions o, int row)
        {
            PictureBatch batch = new PictureBatches(data, o).Epoch(0).Single(b => b.RowIndices.Contains(row));
            return batch.Pixels.AsSpan(Array.IndexOf(batch.RowIndices, row) * 192, 192).ToArray();
        }
    }

    [Fact]
    public void Shifts_and_mirrors_are_exact()
    {
        Picture picture = Ramp(6, 4, 1, 20);
        float[] result = new float[24];
        PictureResampler.Bilinear(picture, new PictureWindow(2, -1, 6, 4, IsMirrored: true), 6, 4, result);
        for (int y = 0; y < 4; y++)
        {
            for (int x = 0; x < 6; x++)
            {
                int column = 2 + 5 - x, row = y - 1;
                float expected = row >= 0 && column < 6 ? picture[row, column, 0] : 0;
                result[y * 6 + x].ShouldBe(expected, 1e-4f);
            }
        }
        int[] numbers = new int[24];
        PictureResampler.Nearest(picture, new PictureWindow(2, -1, 6, 4, IsMirrored: true), 6, 4, -1, numbers);
        numbers.ShouldBe(result.Select((value, i) => i < 6 || i % 6 < 2 ? -1 : (int)Math.Round(value)));
    }

    [Fact]
    public void A_smaller_picture_keeps_the_mean_and_a_plain_one_its_colour()
    {
        Picture picture = Ramp(64, 48, 3);
        float[] result = new float[8 * 6 * 3];
        PictureResampler.Bilinear(picture, PictureWindow.Whole(picture), 8, 6, result);
        result.Average().ShouldBe((float)picture.Samples.ToArray().Average(sample => (double)sample), 1.5f);
        foreach ((int width, int height) in new[] { (1, 1), (3, 200), (17, 5), (100, 100) })
        {
            float[] plain = new float[width * height];
            PictureResampler.Bilinear(new Picture(10, 10, 1, Enumerable.Repeat((byte)77, 100).ToArray()), new PictureWindow(0, 0, 10, 10, false), width, height, plain);
            plain.ShouldAllBe(value => Math.Abs(value - 77) < 1e-3f);
        }
        // Twice as wide: quarters of the way between neighbours, the edges repeated.
        float[] wide = new float[4];
        PictureResampler.Bilinear(new Picture(2, 1, 1, new byte[] { 0, 100 }), new PictureWindow(0, 0, 2, 1, false), 4, 1, wide);
        wide.ShouldBe([0, 25, 75, 100]);
    }

    [Fact]
    public void Boxes_follow_the_window()
    {
        var window = new PictureWindow(2, 4, 10, 20, IsMirrored: true);
        // Twice as large and mirrored in a result of 20 × 40.
        window.Map(new PictureBox(1, 3, 6, 5, 9), 20, 40, 0.5).ShouldBe(new PictureBox(1, 14, 4, 18, 10));
        window.Map(new PictureBox(1, 1, 6, 5, 9), 20, 40, 0.5).ShouldBe(new PictureBox(1, 14, 4, 20, 10), "clipped");
        window.Map(new PictureBox(1, 0, 6, 3, 9), 20, 40, 0.5).ShouldBeNull("a third is left");
        window.Map(new PictureBox(1, 0, 0, 1, 1), 20, 40, 0).ShouldBeNull();
    }

    [Fact]
    public void What_is_off_does_nothing_and_draws_stay_in_range()
    {
        Picture picture = Ramp(40, 30, 3);
        var stream = new RandomStream(1, "windows");
        PictureWindow.Draw(picture, 40, 30, new PictureAugmentation(), stream).ShouldBe(PictureWindow.Whole(picture));
        int mirrored = 0;
        for (int i = 0; i < 400; i++)
        {
            PictureWindow window = PictureWindow.Draw(picture, 20, 15, all with { CropPadding = 0 }, stream);
            (window.Left >= 0 && window.Top >= 0 && window.Left + window.Width <= 40.001 && window.Top + window.Height <= 30.001).ShouldBeTrue();
            (window.Width * window.Height).ShouldBeGreaterThan(0.4 * 1200);
            mirrored += window.IsMirrored ? 1 : 0;
        }
        mirrored.ShouldBeInRange(150, 250);
    }

    [Fact]
    public void Colours_change_as_said()
    {
        float[] pixels = [100, 50, 200, 10, 20, 30];
        float[] Changed(PictureAugmentation augmentation)
        {
            float[] copy = [.. pixels];
            PictureColourChange.Draw(copy, 3, augmentation, new RandomStream(2, "colour"));
            return copy;
        }
        float[] brighter = Changed(new PictureAugmentation { Brightness = 0.2 });
        float factor = brighter[0] / 100;
        factor.ShouldBeInRange(0.8f, 1.2f);
        factor.ShouldNotBe(1);
        brighter.ShouldBe(pixels.Select(p => p * factor), 1e-3);
        float mean = (0.299f * 110 + 0.587f * 70 + 0.114f * 230) / 2;
        Changed(new PictureAugmentation { Contrast = 0.2 }).ShouldBe(pixels.Select(p => mean + factor * (p - mean)), 1e-3);
        float grey = 0.299f * 100 + 0.587f * 50 + 0.114f * 200;
        Changed(new PictureAugmentation { Saturation = 0.2 })[..3].ShouldBe(pixels[..3].Select(p => grey + factor * (p - grey)), 1e-3);
        Changed(new PictureAugmentation { Brightness = 1, Contrast = 1, Saturation = 1 }).ShouldAllBe(p => p >= 0 && p <= 255);
    }

    [Fact]
    public void Cutout_sets_a_square_to_the_mean()
    {
        var data = PictureData.FromPictures(Enumerable.Range(0, 8).Select(_ => (new Picture(9, 9, 1, Enumerable.Repeat((byte)255, 81).ToArray()), "a")));
        var options = new PictureBatchOptions { Height = 9, Width = 9, Channels = 1, Augmentation = new PictureAugmentation { Cutout = 3 } };
        PictureBatch batch = new PictureBatches(data, options).Epoch(0).Single();
        int[] cut = [.. batch.Pixels.Chunk(81).Select(pixels => pixels.Count(p => p == 0))];
        cut.ShouldAllBe(count => count >= 4 && count <= 9);
        batch.Pixels.ShouldAllBe(p => p == 0 || Math.Abs(p - 1) < 1e-6f);
    }

    [Fact]
    public void Mixup_mixes_samples_and_names_both_classes()
    {
        var data = PictureData.FromPictures(Enumerable.Range(0, 6).Select(i => (PictureDataTests.Tiny(i * 40), FormattableString.Invariant($"c{i}"))));
        var options = new PictureBatchOptions { Height = 2, Width = 2, Channels = 1, Augmentation = new PictureAugmentation { MixupAlpha = 1 } };
        PictureBatch batch = new PictureBatches(data, options).Epoch(0).Single();
        batch.MixWeight.ShouldBeInRange(0, 1);
        for (int i = 0; i < 6; i++)
        {
            float expected = (batch.MixWeight * batch.Targets[i] + (1 - batch.MixWeight) * batch.MixedTargets[i]) * 40 / 255;
            batch.Pixels[4 * i].ShouldBe(expected, 1e-5f);
        }
        // Beta(1, 1) is uniform.
        float[] weights = [.. Enumerable.Range(0, 200).Select(epoch => new PictureBatches(data, options).Epoch(epoch).Single().MixWeight)];
        weights.Average().ShouldBe(0.5f, 0.07f);
        weights.Count(w => w < 0.25f).ShouldBeInRange(30, 70);
    }

    [Fact]
    public void A_fault_is_thrown_behind_the_batches_before_it()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["a"]);
        for (int i = 0; i < 6; i++)
            Ramp(8, 8, 3).WritePng(folder[FormattableString.Invariant($"a/{i}.png")]);
        byte[] bytes = File.ReadAllBytes(folder["a/5.png"]);
        File.WriteAllBytes(folder["a/5.png"], bytes[..^5]);
        var data = PictureData.Read(folder.Path);
        foreach (int threads in new[] { 1, 3 })
        {
            int seen = 0;
            InputException fault = Should.Throw<InputException>(() =>
            {
                foreach (PictureBatch batch in new PictureBatches(data, new PictureBatchOptions { Height = 8, Width = 8, BatchSize = 2, Threads = threads }).InOrder())
                    seen++;
            });
            (seen, Path.GetFileName(fault.Path)).ShouldBe((2, "5.png"));
        }
    }

    [Fact]
    public void Pictures_are_read_on_another_thread_while_the_batch_before_is_held()
    {
        foreach (bool isTraining in new[] { false, true })
        {
            ConcurrentBag<int> threads = [];
            using ManualResetEventSlim second = new();
            WatchedData data = new(4, _ =>
            {
                threads.Add(Environment.CurrentManagedThreadId);
                if (threads.Count == 2)
                    second.Set();
            });
            PictureBatches batches = new(data, new PictureBatchOptions { Height = 2, Width = 2, Channels = 1, BatchSize = 1, Ahead = 1 });
            using (IEnumerator<PictureBatch> taker = (isTraining ? batches.Epoch(0) : batches.InOrder()).GetEnumerator())
            {
                taker.MoveNext().ShouldBeTrue();
                // Nobody asks for the second one.
                second.Wait(Patience).ShouldBeTrue();
            }
            threads.ShouldNotContain(Environment.CurrentManagedThreadId);
        }
    }

    [Fact]
    public void A_picture_that_takes_long_does_not_hold_up_the_batch_before_it()
    {
        using ManualResetEventSlim taken = new();
        bool wasTaken = false;
        WatchedData data = new(2, row =>
        {
            if (row == 1)
                wasTaken = taken.Wait(Patience);
        });
        List<int> rows = [];
        foreach (PictureBatch batch in new PictureBatches(data, new PictureBatchOptions { Height = 2, Width = 2, Channels = 1, BatchSize = 1 }).InOrder())
        {
            rows.AddRange(batch.RowIndices);
            taken.Set();
        }
        wasTaken.ShouldBeTrue("the second picture waits for the taker of the first");
        rows.ShouldBe([0, 1]);
    }

    [Fact]
    public void Options_out_of_range_are_refused()
    {
        var data = PictureData.FromPictures([(Ramp(2, 2, 1), "a")]);
        var options = new PictureBatchOptions { Height = 2, Width = 2 };
        Should.Throw<ArgumentException>(() => new PictureBatches(data, options with { Mean = [1] })).Message.ShouldContain("Mean and Deviation need 3 numbers");
        Should.Throw<ArgumentOutOfRangeException>(() => new PictureBatches(data, options with { Augmentation = new PictureAugmentation { FlipProbability = 2 } }));
        Should.Throw<ArgumentOutOfRangeException>(() => new PictureBatches(data, options with { BatchSize = 0 }));
    }

    private static Picture Ramp(int width, int height, int channels, int offset = 0)
    {
        byte[] samples = new byte[width * height * channels];
        for (int i = 0; i < samples.Length; i++)
            samples[i] = (byte)(offset + i * 3);
        return new Picture(width, height, channels, samples);
    }

    /// <summary>Tiny pictures that tell when one of them is read.</summary>
    private sealed class WatchedData(int count, Action<int> isRead) : IPictureData
    {
        public int Count => count;

        public IReadOnlyList<string> LabelNames => ["a"];

        public PictureSample Read(int index)
        {
            isRead(index);
            return new PictureSample(Ramp(2, 2, 1), 0);
        }

        public string NameOf(int index) => "ramp";
    }
}
