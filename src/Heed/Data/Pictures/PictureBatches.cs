namespace Heed;

/// <summary>Decodes, changes and normalises pictures on another thread, batch by batch.</summary>
/// <remarks>
/// <para>What an epoch holds is a pure function of data, options and the epoch's number: the order, and for each picture what is drawn from the stream of
/// (seed, epoch, index). Threads change nothing, and a run can be resumed at any batch.</para>
/// <para>Cost of a picture: its decoding, and about ten steps for each sample of the result.</para>
/// </remarks>
public sealed class PictureBatches
{
    private readonly IPictureData data;
    private readonly PictureBatchOptions options;
    private readonly int? voidLabel;

    /// <summary>Prepares the batches; nothing is decoded yet.</summary>
    /// <param name="data">The pictures.</param>
    /// <param name="options">Size, normalisation, changes.</param>
    /// <exception cref="ArgumentException">An option is out of range, or mixup is asked for where pictures have boxes or masks.</exception>
    public PictureBatches(IPictureData data, PictureBatchOptions options)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if (options.Augmentation?.MixupAlpha > 0 && data is BoxData or MaskData)
            throw new ArgumentException("PictureBatches: mixup mixes classes of whole pictures; it cannot mix boxes or masks. Set MixupAlpha = 0.", nameof(options));
        (this.data, this.options, voidLabel) = (data, options, (data as MaskData)?.VoidLabel);
    }

    /// <summary>How many batches an epoch has.</summary>
    public int BatchCount => (data.Count + options.BatchSize - 1) / options.BatchSize;

    /// <summary>The batches of an epoch of training: shuffled and changed at random.</summary>
    /// <param name="epoch">From 0.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <exception cref="InputException">A picture cannot be decoded; thrown behind the batches before it.</exception>
    public IEnumerable<PictureBatch> Epoch(int epoch, CancellationToken cancellation = default)
    {
        RandomStream stream = new RandomStream(options.Seed, "augmentation").Fork((ulong)epoch);
        return Ahead(BatchPlan.Training(new int[data.Count], options.BatchSize, options.Seed).Epoch(epoch), stream, cancellation);
    }

    /// <summary>All pictures in order, unchanged but for size and normalisation.</summary>
    /// <param name="cancellation">Ends the reading.</param>
    /// <exception cref="InputException">A picture cannot be decoded; thrown behind the batches before it.</exception>
    public IEnumerable<PictureBatch> InOrder(CancellationToken cancellation = default) =>
        Ahead(BatchPlan.Evaluation(new int[data.Count], options.BatchSize).Epoch(0), stream: null, cancellation);

    private ReadAhead<PictureBatch> Ahead(IReadOnlyList<ReadOnlyMemory<int>> plan, RandomStream? stream, CancellationToken cancellation) =>
        new(plan.Select((rows, i) => Batch(rows, stream, i)), options.Ahead, cancellation);

    private PictureBatch Batch(ReadOnlyMemory<int> rows, RandomStream? stream, int number)
    {
        var batch = new PictureBatch(rows.Span, options, data is MaskData);
        if (options.Threads == 1)
        {
            for (int i = 0; i < rows.Length; i++)
                Fill(batch, i, stream);
        }
        else
            InParallel(batch, stream);
        if (stream is not null && options.Augmentation is { MixupAlpha: > 0 } augmentation)
            Mixup.Draw(batch, augmentation.MixupAlpha, stream.Fork("mixup").Fork((ulong)number));
        return batch;
    }

    // Of several faults the first in order is thrown, as with one thread.
    private void InParallel(PictureBatch batch, RandomStream? stream)
    {
        var faults = new InputException?[batch.BatchSize];
        Parallel.For(0, batch.BatchSize, new ParallelOptions { MaxDegreeOfParallelism = options.Threads }, i =>
        {
            try
            {
                Fill(batch, i, stream);
            }
            catch (InputException e)
            {
                faults[i] = e;
            }
        });
        if (Array.Find(faults, fault => fault is not null) is { } first)
            throw first;
    }

    private void Fill(PictureBatch batch, int slot, RandomStream? epochStream)
    {
        int row = batch.RowIndices[slot], length = options.Height * options.Width * options.Channels;
        PictureSample sample = data.Read(row);
        Picture picture = sample.Picture.ToChannels(options.Channels);
        RandomStream? stream = options.Augmentation is null ? null : epochStream?.Fork((ulong)row);
        PictureWindow window = stream is null ? PictureWindow.Whole(picture) : PictureWindow.Draw(picture, options.Width, options.Height, options.Augmentation!, stream);
        Span<float> pixels = batch.Pixels.AsSpan(slot * length, length);
        PictureResampler.Bilinear(picture, window, options.Width, options.Height, pixels);
        if (stream is not null)
            PictureColourChange.Draw(pixels, options.Channels, options.Augmentation!, stream);
        Normalise(pixels);
        if (stream is not null && options.Augmentation!.Cutout > 0)
            Cut(pixels, options.Augmentation.Cutout, stream);
        batch.Targets[slot] = sample.Label;
        double leastVisible = options.Augmentation?.LeastVisible ?? 0;
        batch.Boxes[slot] = [.. sample.Boxes.Select(box => window.Map(box, options.Width, options.Height, leastVisible)).OfType<PictureBox>()];
        if (sample.Mask is { } mask)
        {
            Span<int> numbers = batch.Masks.AsSpan(slot * options.Height * options.Width, options.Height * options.Width);
            PictureResampler.Nearest(mask, window, options.Width, options.Height, outside: -1, numbers);
            if (voidLabel is { } label)
                numbers.Replace(label, -1);
        }
    }

    private void Normalise(Span<float> pixels)
    {
        int channels = options.Channels;
        for (int c = 0; c < channels; c++)
        {
            float deviation = options.Deviation.Count == 0 ? 1 : options.Deviation[c], scale = 1 / (255 * deviation);
            float offset = options.Mean.Count == 0 ? 0 : options.Mean[c] / deviation;
            for (int i = c; i < pixels.Length; i += channels)
                pixels[i] = pixels[i] * scale - offset;
        }
    }

    private void Cut(Span<float> pixels, int size, RandomStream stream)
    {
        int x = stream.Next(options.Width) - size / 2, y = stream.Next(options.Height) - size / 2;
        int left = Math.Max(0, x), right = Math.Min(options.Width, x + size);
        for (int row = Math.Max(0, y); row < Math.Min(options.Height, y + size); row++)
            pixels.Slice((row * options.Width + left) * options.Channels, (right - left) * options.Channels).Clear();
    }
}
