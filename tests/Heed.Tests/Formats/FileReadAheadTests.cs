using Heed.Testing;

namespace Heed.Tests.Formats;

public sealed class FileReadAheadTests
{
    [Fact]
    public void Large_files_are_read_to_their_end_or_found_in_memory_and_small_or_missing_ones_are_left_alone()
    {
        using TemporaryFolder folder = new();
        foreach ((string name, long length) in new[] { ("large", 80L << 20), ("small", 1L << 20), ("empty", 0) })
        {
            using FileStream file = File.Create(folder[name]);
            file.SetLength(length);
        }
        // Sixty-four parts tell that a file is in memory.
        FileReadAhead.Read(folder["large"]).ShouldBeOneOf(64L << 20, 80L << 20);
        FileReadAhead.Read(folder["small"]).ShouldBe(1 << 20);
        FileReadAhead.Read(folder["empty"]).ShouldBe(0);
        FileReadAhead.Read(folder["none"]).ShouldBe(0);
        FileReadAhead.Start([folder["small"], folder["none"]]).ShouldBeNull();
        Thread thread = FileReadAhead.Start([folder["small"], folder["large"]])!;
        File.Delete(folder["large"]);
        thread.Join(TimeSpan.FromSeconds(30)).ShouldBeTrue();
    }
}
