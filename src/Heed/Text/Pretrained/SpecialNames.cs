namespace Heed;

/// <summary>The roles of special tokens, and the names that tokens in these roles usually have.</summary>
internal static class SpecialNames
{
    public static IReadOnlyList<(string Role, string[] Names)> Usual { get; } =
    [
        ("cls_token", ["[CLS]"]),
        ("sep_token", ["[SEP]"]),
        ("mask_token", ["[MASK]", "<mask>"]),
        ("pad_token", ["[PAD]", "<pad>"]),
        ("unk_token", ["[UNK]", "<unk>"]),
        ("bos_token", ["<s>", "<bos>", "<|begin_of_text|>", "<|endoftext|>"]),
        ("eos_token", ["</s>", "<eos>", "<|end_of_text|>", "<|endoftext|>"]),
    ];
}
