namespace Heed.Testing;

/// <summary>A result is further from its reference than the rule allows.</summary>
public sealed class ToleranceException(string message) : Exception(message);
