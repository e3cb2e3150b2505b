using System.Runtime.CompilerServices;

namespace Heed;

/// <summary>A few lines that run: what is shown is what is run, because the compiler hands over the text of the same lines.</summary>
public sealed class MechanismExample
{
    private const string Indent = "    ";
    private readonly Func<Tensor> run;

    /// <summary>An example.</summary>
    /// <param name="run">A lambda without parameters.</param>
    /// <param name="code">Its text; the compiler gives it.</param>
    internal MechanismExample(Func<Tensor> run, [CallerArgumentExpression(nameof(run))] string code = "") => (this.run, Source, Code) = (run, code, Body(code));

    /// <summary>An example that serves several mechanisms, which differ in a name alone.</summary>
    /// <param name="name">The name, as a configuration gives it.</param>
    /// <param name="run">A lambda whose parameter is called <c>name</c>.</param>
    /// <param name="code">Its text; the compiler gives it.</param>
    internal MechanismExample(string name, Func<string, Tensor> run, [CallerArgumentExpression(nameof(run))] string code = "")
    {
        this.run = () => run(name);
        // "name =>" becomes "() =>", and each use of the parameter the name itself.
        Source = "()" + code["name".Length..].Replace(" name", $" \"{name}\"", StringComparison.Ordinal).Replace("(name", $"(\"{name}\"", StringComparison.Ordinal);
        Code = Body(Source);
    }

    /// <summary>The lines.</summary>
    public string Code { get; }

    /// <summary>The lambda that holds them.</summary>
    public string Source { get; }

    /// <summary>Runs them.</summary>
    /// <returns>What they compute.</returns>
    public Tensor Run() => run();

    // The statements of a lambda, moved to the left; "return x" becomes "Tensor result = x".
    private static string Body(string lambda)
    {
        string text = lambda[(lambda.IndexOf("=>", StringComparison.Ordinal) + 2)..].ReplaceLineEndings("\n").Trim();
        if (text[0] != '{')
            return $"Tensor result = {text};";
        string[] lines = text[1..^1].Trim('\n').TrimEnd().Split('\n');
        int left = lines.Where(line => line.Trim().Length > 0).Min(line => line.Length - line.TrimStart(' ').Length);
        lines = [.. lines.Select(line => line.Length >= left ? line[left..] : "")];
        int last = Array.FindLastIndex(lines, line => line.StartsWith("return ", StringComparison.Ordinal));
        lines[last] = "Tensor result = " + lines[last]["return ".Length..];
        return string.Join('\n', lines).Replace("\t", Indent, StringComparison.Ordinal);
    }
}
