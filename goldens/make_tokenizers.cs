#:package Tokenizers.DotNet@1.4.1
#:package Tokenizers.DotNet.runtime.linux-x64@1.4.1
// Runs Hugging Face's tokenizers (Rust, through the package Tokenizers.DotNet) over the cases of goldens/tokenizers and writes what they give.
// dotnet run goldens/make_tokenizers.cs goldens/tokenizers
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tokenizers.DotNet;

string folder = args[0], file = Path.GetTempFileName();
JsonNode input = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "cases.json")))!;
string[] texts = [.. input["texts"]!.AsArray().Select(text => (string)text!)];
var output = new JsonObject();
foreach (JsonObject one in input["cases"]!.AsArray().Cast<JsonObject>())
{
    JsonObject whole = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, (string)one["base"]! + ".json")))!.AsObject();
    whole["version"] = "1.0";
    whole["truncation"] = whole["padding"] = null;
    foreach (string part in new[] { "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder" })
        whole[part] = one[part]?.DeepClone();
    File.WriteAllText(file, whole.ToJsonString());
    using var tokenizer = new Tokenizer(file);
    var ids = new JsonArray();
    var decoded = new JsonArray();
    foreach (string text in texts)
    {
        uint[] tokens = tokenizer.Encode(text);
        ids.Add((JsonNode)string.Join(' ', tokens));
        decoded.Add((JsonNode?)(tokens.Length > 0 ? tokenizer.Decode(tokens) : ""));
    }
    output[(string)one["name"]!] = new JsonObject { ["ids"] = ids, ["decoded"] = decoded };
    output["version"] = tokenizer.GetVersion();
}
File.WriteAllText(Path.Combine(folder, "outputs.json"), output.ToJsonString(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, WriteIndented = true, NewLine = "\n" }) + "\n");
