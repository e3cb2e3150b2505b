namespace Heed.Tests.Data;

[Collection(MemoryCollection.Name)]
public sealed class TextTableMemoryTests
{
    [Fact]
    public void Memory_does_not_grow_with_the_file()
    {
        using var endless = new TextTableTests.EndlessRows(new string('x', 1000));
        using TextTable table = TextTable.Open(endless);
        table.Take(1000).Count().ShouldBe(1000);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        table.Take(50_000).Count().ShouldBe(50_000);
        // 100 MB of rows went by.
        (GC.GetTotalMemory(forceFullCollection: true) - before).ShouldBeLessThan(8 << 20);
    }
}
