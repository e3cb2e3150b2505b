namespace Heed;

/// <summary>Several requests of one call.</summary>
internal sealed class PassRequests(params IPassRequest?[] all) : IPassRequest
{
    public T? Find<T>()
        where T : class, IPassRequest => all.OfType<T>().FirstOrDefault();
}
