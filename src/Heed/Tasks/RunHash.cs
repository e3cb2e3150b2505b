using System.Security.Cryptography;
using System.Text.Json;

namespace Heed;

/// <summary>What a run is known by. A checkpoint goes on only where everything that decides the bits of the result is the same: data, options, network, first weights.</summary>
internal static class RunHash
{
    /// <summary>SHA-256 in hex.</summary>
    /// <param name="record">Training options and hashes of the data.</param>
    /// <param name="network">The network before its first step: its weights hold what pretrained vectors or another model brought.</param>
    /// <param name="parts">What else counts: the configuration, tokens, how training examples are changed.</param>
    public static string Of(TrainingRecord record, Module network, params ReadOnlySpan<byte[]> parts)
    {
        using SHA256 hash = SHA256.Create();
        using (CryptoStream stream = new(Stream.Null, hash, CryptoStreamMode.Write))
        {
            JsonSerializer.Serialize(stream, record, HeedJson.Default.TrainingRecord);
            foreach (byte[] part in parts)
                stream.Write(part);
            network.SaveWeights(stream);
        }
        return Convert.ToHexStringLower(hash.Hash!);
    }
}
