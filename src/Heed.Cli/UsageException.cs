namespace Heed.Cli;

/// <summary>A command was called in a way that makes no sense; the message says which and what would.</summary>
internal sealed class UsageException(string message) : Exception(message)
{
    /// <summary>Runs what checks options; the library's complaints about them are about what the user typed.</summary>
    public static T Guard<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (ArgumentException e)
        {
            // The base library puts the parameter and the value behind the sentence.
            string message = e.Message.Split('\n')[0];
            int parameter = message.IndexOf(" (Parameter", StringComparison.Ordinal);
            throw new UsageException(parameter < 0 ? message : message[..parameter]);
        }
    }
}
