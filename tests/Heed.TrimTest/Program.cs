using Heed;

// What a trimmed program does with Heed: save a model folder, open it, read the weights back.
string path = Path.Combine(Directory.CreateTempSubdirectory("heed-trim-").FullName, "model");
float[] weights = [.. Enumerable.Range(0, 5).Select(_ => (float)new RandomStream(1, "trim").NextNormal())];
ModelFolder.Write(path, new Dictionary<string, Action<Stream>>(StringComparer.Ordinal)
{
    ["model.safetensors"] = stream => SafetensorsWriter.Write(stream, [new SafetensorsArray("weights", [5], weights)]),
});

float[] back = new float[5];
using (SafetensorsFile file = SafetensorsFile.Open(ModelFolder.Open(path).PathOf("model.safetensors")))
    file.ReadSingle("weights", back);
Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
bool same = weights.AsSpan().SequenceEqual(back);
Console.WriteLine(same ? "trimmed: ok" : "trimmed: the weights differ");
return same ? 0 : 1;
