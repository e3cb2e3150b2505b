using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Heed.Testing;

namespace Heed.Tests.Models;

/// <summary>Writes small folders in the form of others, in every precision, whole or in several files. Its own writer, because the library writes float32 alone.</summary>
internal static class CheckpointFolder
{
    /// <summary>The weights of a golden under the names of their file.</summary>
    public static List<SafetensorsArray> Tensors(Golden golden, params string[] others) =>
        [.. golden.InputNames.Where(n => !n.StartsWith("probe.", StringComparison.Ordinal) && !others.Contains(n)).Select(n => new SafetensorsArray(n, golden.InputShape(n), golden.Input(n)))];

    public static void Write(string folder, string config, IReadOnlyList<SafetensorsArray> tensors, SafetensorsType type = SafetensorsType.F32, int files = 1)
    {
        File.WriteAllText(Path.Combine(folder, "config.json"), config);
        if (files == 1)
        {
            File.WriteAllBytes(Path.Combine(folder, "model.safetensors"), Bytes(tensors, type));
            return;
        }
        Dictionary<string, string> map = [];
        for (int i = 0; i < files; i++)
        {
            string name = $"model-{i + 1:00000}-of-{files:00000}.safetensors";
            SafetensorsArray[] some = [.. tensors.Where((_, t) => t % files == i)];
            File.WriteAllBytes(Path.Combine(folder, name), Bytes(some, type));
            foreach (SafetensorsArray tensor in some)
                map.Add(tensor.Name, name);
        }
        File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"), JsonSerializer.Serialize(new { metadata = new { total_size = 1 }, weight_map = map }));
    }

    /// <summary>What a number becomes in a file.</summary>
    public static float Rounded(float value, SafetensorsType type) => type switch
    {
        SafetensorsType.F16 => (float)(Half)value,
        SafetensorsType.BF16 => BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(value) & 0xFFFF0000),
        _ => value,
    };

    public static byte[] Bytes(IEnumerable<SafetensorsArray> tensors, SafetensorsType type)
    {
        Dictionary<string, object> header = [];
        using MemoryStream data = new();
        foreach (SafetensorsArray tensor in tensors)
        {
            long start = data.Length;
            foreach (float value in tensor.Values.Span)
                data.Write(Number(value, type));
            header.Add(tensor.Name, new { dtype = type.ToString(), shape = tensor.Shape, data_offsets = new[] { start, data.Length } });
        }
        byte[] json = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(header)), length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length + (-json.Length & 7));
        return [.. length, .. json, .. Enumerable.Repeat((byte)' ', -json.Length & 7), .. data.ToArray()];
    }

    private static byte[] Number(float value, SafetensorsType type) => type switch
    {
        SafetensorsType.F32 => BitConverter.GetBytes(value),
        SafetensorsType.F16 => BitConverter.GetBytes((Half)value),
        SafetensorsType.BF16 => BitConverter.GetBytes(value)[2..],
        SafetensorsType.I32 => BitConverter.GetBytes((int)value),
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };
}
