using Heed.Testing;
using Microsoft.Win32.SafeHandles;

namespace Heed.Kernels.Tests.Memory;

public class MappedFileTests
{
    [Fact]
    public void Parts_show_the_file_and_keep_what_is_written_to_themselves()
    {
        using TemporaryFolder folder = new();
        string path = folder["numbers"];
        File.WriteAllBytes(path, [.. Enumerable.Range(0, 100).SelectMany(i => BitConverter.GetBytes((float)i))]);
        Memory<float> part;
        using (SafeFileHandle handle = File.OpenHandle(path))
        {
            MappedFile file = MappedFile.Open(handle);
            file.Length.ShouldBe(400);
            part = file.Part<float>(40, 5);
        }
        // The mapping outlives the handle, and the object that made it.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        part.ToArray().ShouldBe([10f, 11f, 12f, 13f, 14f]);
        part.Span[0] = -1;
        part.Span[0].ShouldBe(-1);
        using (part.Pin())
            BitConverter.ToSingle(File.ReadAllBytes(path), 40).ShouldBe(10);
    }

    [Theory]
    [InlineData(-4, 1)]
    [InlineData(2, 1)]
    [InlineData(0, -1)]
    [InlineData(0, 6)]
    [InlineData(16, 2)]
    [InlineData(24, 1)]
    [InlineData(long.MaxValue - 3, 1)]
    [InlineData(0, int.MaxValue)]
    public void A_part_outside_the_file_is_refused(long offset, int count)
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["numbers"], new byte[20]);
        using SafeFileHandle handle = File.OpenHandle(folder["numbers"]);
        MappedFile file = MappedFile.Open(handle);
        Should.Throw<ArgumentOutOfRangeException>(() => file.Part<float>(offset, count));
    }

    [Fact]
    public void An_empty_file_is_refused()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["nothing"], []);
        using SafeFileHandle handle = File.OpenHandle(folder["nothing"]);
        Should.Throw<ArgumentException>(() => MappedFile.Open(handle));
    }
}
