using Heed.Testing;
using Microsoft.Playwright;

namespace Heed.BrowserTests;

public sealed class ReportTests : IClassFixture<Browser>, IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly Browser browser;
    private readonly string path;

    public ReportTests(Browser browser)
    {
        this.browser = browser;
        path = folder["gallery.report.html"];
        Gallery.Report().Write(path);
    }

    public void Dispose() => folder.Dispose();

    [SkippableFact]
    public async Task It_opens_without_a_complaint_and_asks_for_nothing()
    {
        OpenedPage opened = await browser.Open(path);
        await opened.Page.WaitForTimeoutAsync(200);
        opened.Complaints.ShouldBeEmpty();
        opened.Requests.Where(url => !url.StartsWith("data:", StringComparison.Ordinal)).ShouldHaveSingleItem().ShouldStartWith("file://");
        (await opened.Page.EvaluateAsync<bool>("'attacked' in window")).ShouldBeFalse();
        (await opened.Page.Locator(".over img").CountAsync()).ShouldBe(8);
        (await opened.Page.Locator("figcaption").AllInnerTextsAsync()).Count(text => text is "picture" or "true" or "found").ShouldBe(6, "two pictures, each with its true and its found boxes");
        (await opened.Page.EvaluateAsync<bool>("[...document.images].every(i => i.complete && i.naturalWidth > 0)")).ShouldBeTrue("pictures are inside");
        if (Environment.GetEnvironmentVariable("HEED_SCREENSHOTS") is { } shots)
            await Shoot(shots);
    }

    [SkippableFact]
    public async Task Pointing_at_a_token_shows_its_exact_values()
    {
        OpenedPage opened = await browser.Open(path);
        ILocator token = opened.Page.Locator("article.text").First.Locator(".tokens b").Nth(4);
        await token.HoverAsync();
        string tip = await opened.Page.Locator("#tip").InnerTextAsync();
        float[] expected = [.. Gallery.Shade(Gallery.English, "", "a", "b", "c").Rows.Select(r => r.Weights[4])];
        tip.Split('\n')[0].ShouldBe("weeks");
        tip.ShouldContain("attention " + expected[0].ToString("G4", System.Globalization.CultureInfo.InvariantCulture));
        tip.ShouldContain("occlusion " + expected[2].ToString("G4", System.Globalization.CultureInfo.InvariantCulture));
    }

    [SkippableFact]
    public async Task Bars_and_recall_show_their_values()
    {
        OpenedPage opened = await browser.Open(path);
        ILocator bars = opened.Page.Locator("table.bars").First;
        (await bars.Locator("svg.bar").CountAsync()).ShouldBe(4);
        await bars.Locator("svg.bar").Nth(1).HoverAsync();
        string figure = await bars.Locator("tbody tr").Nth(1).Locator("td.num").First.InnerTextAsync();
        (await opened.Page.Locator("#tip").InnerTextAsync()).ShouldBe("road: " + figure);
        // As long as the figure says.
        double share = await bars.Locator("svg.bar").Nth(1).EvaluateAsync<double>("e => e.querySelector('.fill').getBoundingClientRect().width / e.querySelector('.track').getBoundingClientRect().width");
        share.ShouldBe(double.Parse(figure, System.Globalization.CultureInfo.InvariantCulture), 0.01);
        ILocator chart = opened.Page.Locator("figure.chart").Filter(new() { HasText = "platelets" });
        (await chart.Locator("polyline").CountAsync()).ShouldBe(3);
        await chart.Locator("circle").Last.HoverAsync();
        (await opened.Page.Locator("#tip").InnerTextAsync()).ShouldContain("precision");
        opened.Complaints.ShouldBeEmpty();
    }

    [SkippableFact]
    public async Task Everything_is_reached_by_keyboard()
    {
        OpenedPage opened = await browser.Open(path);
        ILocator article = opened.Page.Locator("article.text").First;
        await article.GetByRole(AriaRole.Button, new() { Name = "occlusion" }).FocusAsync();
        await opened.Page.Keyboard.PressAsync("Enter");
        (await article.GetByRole(AriaRole.Button, new() { Name = "occlusion" }).GetAttributeAsync("aria-pressed")).ShouldBe("true");
        (await article.Locator(".tokens b[class^=n]").CountAsync()).ShouldBeGreaterThan(0, "what speaks against has its own colour");
        await opened.Page.Keyboard.PressAsync("Tab");
        await opened.Page.Keyboard.PressAsync("Tab");
        (await Focused(opened)).ShouldBe("The", "a text is one stop");
        await opened.Page.Keyboard.PressAsync("ArrowRight");
        (await Focused(opened)).ShouldBe("delivery");
        (await opened.Page.Locator("#say").InnerTextAsync()).ShouldStartWith("delivery");
        await opened.Page.Keyboard.PressAsync("End");
        (await Focused(opened)).ShouldBe(".");

        ILocator first = opened.Page.Locator(".head").First;
        await first.FocusAsync();
        await opened.Page.Keyboard.PressAsync("ArrowDown");
        await opened.Page.Keyboard.PressAsync("ArrowRight");
        await opened.Page.Keyboard.PressAsync("Enter");
        ILocator large = opened.Page.Locator(".large");
        (await large.Locator("h3").InnerTextAsync()).ShouldBe("layer 1, head 1");
        await opened.Page.Keyboard.PressAsync("Tab");
        await opened.Page.Keyboard.PressAsync("ArrowRight");
        (await opened.Page.Locator("#say").InnerTextAsync()).ShouldStartWith("[CLS] → The: ");
        await opened.Page.Keyboard.PressAsync("Escape");
        (await large.IsVisibleAsync()).ShouldBeFalse();
        (await opened.Page.EvaluateAsync<string>("document.activeElement.getAttribute('aria-label')")).ShouldBe("layer 1, head 1", "focus goes back");
    }

    [SkippableFact]
    public async Task A_click_opens_a_head_with_matrix_and_lines()
    {
        OpenedPage opened = await browser.Open(path);
        await opened.Page.Locator(".head").Nth(8).ClickAsync();
        ILocator large = opened.Page.Locator(".large");
        int tokens = await opened.Page.Locator(".heads ol.q>li").CountAsync();
        (await large.Locator(".cell").CountAsync()).ShouldBe(tokens * tokens);
        (await large.Locator(".link").CountAsync()).ShouldBeGreaterThan(tokens);
        (await opened.Page.Locator(".head").Nth(8).GetAttributeAsync("aria-expanded")).ShouldBe("true");
        WeightMatrix head = Gallery.Heads("").Heads[1][2];
        await large.Locator(".cell").Nth((3 * tokens) + 2).HoverAsync();
        string[] tip = (await opened.Page.Locator("#tip").InnerTextAsync()).Split('\n');
        double.Parse(tip[1], System.Globalization.CultureInfo.InvariantCulture).ShouldBe(head.Weights.Span[(3 * tokens) + 2], 1e-4, "four digits");
        opened.Complaints.ShouldBeEmpty();
    }

    [SkippableTheory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task Light_and_dark_follow_the_system_and_the_switch(ColorScheme scheme)
    {
        OpenedPage opened = await browser.Open(path, scheme);
        string[] papers = ["rgb(255, 255, 255)", "rgb(22, 24, 28)"];
        int dark = scheme == ColorScheme.Dark ? 1 : 0;
        (await Paper(opened)).ShouldBe(papers[dark]);
        await opened.Page.GetByRole(AriaRole.Button, new() { Name = "Dark" }).ClickAsync();
        (await Paper(opened)).ShouldBe(papers[1 - dark]);
        (await opened.Page.EvaluateAsync<double>(LeastContrast)).ShouldBeGreaterThanOrEqualTo(4.5, "letters on every shade that is used");
        await opened.Page.GetByRole(AriaRole.Button, new() { Name = "Dark" }).ClickAsync();
        (await opened.Page.EvaluateAsync<double>(LeastContrast)).ShouldBeGreaterThanOrEqualTo(4.5);
    }

    [SkippableFact]
    public async Task Directions_and_segments_of_scripts_show()
    {
        OpenedPage opened = await browser.Open(path);
        ILocator texts = opened.Page.Locator("article.text .tokens:not([hidden])");
        (await texts.Nth(1).EvaluateAsync<string>("e => getComputedStyle(e).direction")).ShouldBe("rtl");
        await texts.Nth(1).Locator("b").First.FocusAsync();
        await opened.Page.Keyboard.PressAsync("ArrowLeft");
        (await Focused(opened)).ShouldBe("كانت", "to the left is forward");
        (await opened.Page.Locator("article.text").Nth(2).Locator(".tokens").First.Locator("b").AllInnerTextsAsync()).ShouldBe(["這", "家", "飯店", "的", "服務", "很", "好", "但是", "房間", "太", "小", "了"]);
        (await texts.Nth(3).Locator(".ctl").AllInnerTextsAsync()).ShouldBe(["U+202E", "U+202C", "U+0007", "U+D800"]);
    }

    [SkippableFact]
    public async Task On_a_phone_nothing_is_wider_than_the_page()
    {
        OpenedPage opened = await browser.Open(path, width: 390, height: 800);
        await opened.Page.Locator(".head").First.ClickAsync();
        (await opened.Page.EvaluateAsync<int>("document.documentElement.scrollWidth - innerWidth")).ShouldBeLessThanOrEqualTo(0);
    }

    [SkippableFact]
    public async Task A_language_model_s_report_shades_a_text_by_loss()
    {
        string text = string.Concat(Enumerable.Repeat("the cat sat on the mat. ", 40));
        LanguageModel model = LanguageModel.Train(text, new LanguageModelOptions
        {
            Network = new TransformerConfig { Size = 16, HeadCount = 2, LayerCount = 1, InnerSize = 32, MaximumLength = 32, Dropout = 0 }, StepCount = 60, EvaluationInterval = 20, Training = new LanguageModelOptions().Training with { LearningRate = 0.01 },
        });
        string own = folder["lm.report.html"];
        model.Report("the cat sat on the zebra. the mat sat.", new ReportOptions { Title = "A small writer", Content = ReportContent.All }).Write(own);
        OpenedPage opened = await browser.Open(own);
        opened.Complaints.ShouldBeEmpty();
        (await opened.Page.Locator("h2").AllInnerTextsAsync()).ShouldBe(["Loss by epoch", "Dev rows by epoch", "Perplexity", "Figures", "Where it was surprised"]);
        ILocator tokens = opened.Page.Locator("article.text .tokens b");
        (await tokens.CountAsync()).ShouldBe(38, "one a letter");
        await tokens.Nth(20).HoverAsync();
        (await opened.Page.Locator("#tip").InnerTextAsync()).ShouldContain("loss ");
        if (Environment.GetEnvironmentVariable("HEED_SCREENSHOTS") is { } shots)
            await opened.Page.ScreenshotAsync(new() { Path = Path.Combine(shots, "language-model.png"), FullPage = true });
    }

    private const string LeastContrast = """
        () => {
          const light = c => { const [r, g, b] = c.match(/[\d.]+/g).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
          const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (c !== 'rgba(0, 0, 0, 0)') return c; } return 'rgb(255, 255, 255)'; };
          return Math.min(...[...document.querySelectorAll('body *')].filter(e => e.checkVisibility() && !e.closest('svg,.unseen,.skip') && [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())).map(e => {
            const [a, b] = [light(getComputedStyle(e).color), light(behind(e))];
            return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
          }));
        }
        """;

    private static Task<string> Focused(OpenedPage opened) => opened.Page.EvaluateAsync<string>("document.activeElement.textContent");

    private static Task<string> Paper(OpenedPage opened) => opened.Page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor");

    // For people: HEED_SCREENSHOTS=folder writes what the page looks like.
    private async Task Shoot(string shots)
    {
        File.Copy(path, Path.Combine(shots, "gallery.html"), overwrite: true);
        foreach ((string name, ColorScheme scheme, int width) in new[] { ("light", ColorScheme.Light, 1200), ("dark", ColorScheme.Dark, 1200), ("phone", ColorScheme.Light, 390) })
        {
            OpenedPage opened = await browser.Open(path, scheme, width);
            await opened.Page.Locator(".head").Nth(8).ClickAsync();
            await opened.Page.GetByRole(AriaRole.Button, new() { Name = "side by side" }).First.ClickAsync();
            await opened.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(shots, name + ".png"), FullPage = true });
        }
    }
}
