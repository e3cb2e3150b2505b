using System.Reflection;
using Microsoft.Playwright;

namespace Heed.BrowserTests;

/// <summary>The system's Chromium, started once for all tests; absent where there is none.</summary>
public sealed class Browser : IAsyncLifetime
{
    private static readonly string[] names = ["chromium", "chromium-browser", "google-chrome"];
    private IPlaywright? playwright;
    private IBrowser? browser;
    private string reason = "";

    public async Task InitializeAsync()
    {
        string? program = Environment.GetEnvironmentVariable("HEED_CHROMIUM") ?? (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .SelectMany(folder => names.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
        if (program is null)
        {
            reason = "there is no chromium on the PATH (HEED_CHROMIUM names one elsewhere)";
            return;
        }
        string driver = typeof(Browser).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(a => a.Key == "PlaywrightDriver").Value!;
        if (!Directory.Exists(Path.Combine(driver, ".playwright")))
        {
            reason = "the package of Playwright is not there any more; restore again";
            return;
        }
        Environment.SetEnvironmentVariable("PLAYWRIGHT_DRIVER_SEARCH_PATH", driver);
        try
        {
            playwright = await Playwright.CreateAsync();
            browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = program, Headless = true, Args = ["--no-sandbox"] });
        }
        catch (PlaywrightException e)
        {
            reason = $"chromium does not start: {e.Message.Split('\n')[0]}";
        }
    }

    /// <summary>A page with a report in it, and what it complained of or asked for.</summary>
    internal async Task<OpenedPage> Open(string path, ColorScheme scheme = ColorScheme.Light, int width = 1200, int height = 900)
    {
        Skip.If(browser is null, reason);
        IPage page = await browser.NewPageAsync(new BrowserNewPageOptions { ColorScheme = scheme, ViewportSize = new ViewportSize { Width = width, Height = height } });
        OpenedPage opened = new(page);
        page.Console += (_, message) => opened.Complaints.Add(message.Text);
        page.PageError += (_, error) => opened.Complaints.Add(error);
        page.Request += (_, request) => opened.Requests.Add(request.Url);
        await page.GotoAsync(new Uri(path).AbsoluteUri);
        return opened;
    }

    public async Task DisposeAsync()
    {
        if (browser is not null)
            await browser.DisposeAsync();
        playwright?.Dispose();
    }
}

/// <summary>A page, and what it did.</summary>
internal sealed record OpenedPage(IPage Page)
{
    /// <summary>Lines of its console and errors.</summary>
    public List<string> Complaints { get; } = [];

    /// <summary>What it asked for, itself first.</summary>
    public List<string> Requests { get; } = [];
}
