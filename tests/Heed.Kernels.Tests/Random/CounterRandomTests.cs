namespace Heed.Kernels.Tests.Random;

[Trait("Legs", "InstructionSets")]
public class CounterRandomTests
{
    // The first is the published known answer for zeros. The others were made by an independent implementation that gives all three published
    // answers; those have counter words 2 and 3 set, which Block leaves at zero.
    [Theory]
    [InlineData(0x00000000_00000000, 0x00000000_00000000, 0xe169c58d_6627e8d5, 0x9b00dbd8_bc57ac4c)]
    [InlineData(0xffffffff_ffffffff, 0xffffffff_ffffffff, 0x430ac65a_4d18d7d2, 0x0afae10d_bd2fa22a)]
    [InlineData(0x299f31d0_a4093822, 0x85a308d3_243f6a88, 0xb5a3d762_e69c9c31, 0x341a787c_e733bfc1)]
    public void Gives_the_known_answers(ulong key, ulong counter, ulong low, ulong high) =>
        CounterRandom.Block(key, counter).ShouldBe((low, high));
}
