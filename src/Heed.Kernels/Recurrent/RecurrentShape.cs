namespace Heed.Kernels;

/// <summary>The sizes of one recurrent layer over a batch of sequences.</summary>
/// <remarks>
/// <para>Shapes that follow from it: input (batch, time, InputSize); output (batch, time, Directions·HiddenSize), the forward half first; states
/// (Directions, batch, HiddenSize). All row-major.</para>
/// <para>Cost, with the gate count G (LSTM 4, GRU 3) and N steps in all sequences together:
/// 2·N·Directions·G·HiddenSize·(InputSize + HiddenSize) flops forward, twice as many backward.</para>
/// </remarks>
/// <param name="Batch">Number of sequences; may be 0.</param>
/// <param name="Time">Positions a sequence, padding included; may be 0.</param>
/// <param name="InputSize">Features a step.</param>
/// <param name="HiddenSize">Hidden units a direction.</param>
/// <param name="Directions">1: forward in time; 2: forward and reverse.</param>
public readonly record struct RecurrentShape(int Batch, int Time, int InputSize, int HiddenSize, int Directions = 1)
{
    /// <summary>Floats of the input.</summary>
    public long InputLength => (long)Batch * Time * InputSize;

    /// <summary>Floats of the output.</summary>
    public long OutputLength => (long)Batch * Time * Directions * HiddenSize;

    /// <summary>Floats of one state: hidden or cell, initial or final.</summary>
    public long StateLength => (long)Directions * Batch * HiddenSize;
}
