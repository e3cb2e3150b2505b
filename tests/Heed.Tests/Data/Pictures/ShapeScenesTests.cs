namespace Heed.Tests.Data.Pictures;

public sealed class ShapeScenesTests
{
    [Fact]
    public void Boxes_masks_and_labels_tell_the_same_story()
    {
        IReadOnlyList<ShapeScene> scenes = ShapeScenes.Make(40, seed: 3, size: 48);
        scenes.SelectMany(s => s.Boxes).Select(b => b.Label).Distinct().Count().ShouldBe(4);
        foreach (ShapeScene scene in scenes)
        {
            scene.Boxes.Count.ShouldBeInRange(1, 4);
            scene.Label.ShouldBe(scene.Boxes[0].Label);
            foreach (PictureBox box in scene.Boxes)
            {
                // The box is as tight as it can be: every edge has a pixel of the thing, and none lies just outside.
                (int left, int top, int right, int bottom) = (48, 48, 0, 0);
                for (int row = (int)box.Top - 1; row <= box.Bottom; row++)
                {
                    for (int column = (int)box.Left - 1; column <= box.Right; column++)
                    {
                        if ((uint)row < 48 && (uint)column < 48 && scene.Mask[row, column, 0] == box.Label + 1)
                            (left, top, right, bottom) = (Math.Min(left, column), Math.Min(top, row), Math.Max(right, column + 1), Math.Max(bottom, row + 1));
                    }
                }
                (left, top, right, bottom).ShouldBe(((int)box.Left, (int)box.Top, (int)box.Right, (int)box.Bottom));
            }
            // Only the first thing is red: its middle row is much redder than green.
            int[] redness = [.. scene.Boxes.Select(box => Redness(scene, box))];
            redness[0].ShouldBeGreaterThan(60);
            redness[1..].ShouldAllBe(r => r < redness[0] - 40);
        }
    }

    [Fact]
    public void A_scene_depends_on_the_seed_and_its_number_alone()
    {
        IReadOnlyList<ShapeScene> few = ShapeScenes.Make(3, seed: 7), many = ShapeScenes.Make(9, seed: 7), others = ShapeScenes.Make(3, seed: 8);
        few[2].Picture.Samples.ToArray().ShouldBe(many[2].Picture.Samples.ToArray());
        few[2].Picture.Samples.ToArray().ShouldNotBe(others[2].Picture.Samples.ToArray());
        Should.Throw<ArgumentOutOfRangeException>(() => ShapeScenes.Make(1, 1, size: 31));
    }

    [Fact]
    public void Parts_hold_every_picture_once_and_the_same_seed_the_same_ones()
    {
        BoxData boxes = ShapeScenes.ToBoxData(ShapeScenes.Make(23, 1));
        (BoxData train, BoxData dev, BoxData test) = boxes.Split(seed: 2, dev: 0.2, test: 0.1);
        (train.Count, dev.Count, test.Count).ShouldBe((16, 5, 2));
        string[] Names(BoxData part) => [.. Enumerable.Range(0, part.Count).Select(part.NameOf)];
        Names(train).Concat(Names(dev)).Concat(Names(test)).Order(StringComparer.Ordinal).ShouldBe(Names(boxes).Order(StringComparer.Ordinal));
        Names(boxes.Split(seed: 2, dev: 0.2, test: 0.1).Dev).ShouldBe(Names(dev));
        MaskData masks = ShapeScenes.ToMaskData(ShapeScenes.Make(23, 1)).Split(seed: 2, dev: 0.2, test: 0.1).Dev;
        Enumerable.Range(0, masks.Count).Select(masks.NameOf).ShouldBe(Names(dev));
        Should.Throw<ArgumentOutOfRangeException>(() => boxes.Split(1, dev: 0.6, test: 0.4)).Message.ShouldContain("leave something");
    }

    private static int Redness(ShapeScene scene, PictureBox box)
    {
        (int sum, int count) = (0, 0);
        for (int row = (int)box.Top; row < box.Bottom; row++)
        {
            for (int column = (int)box.Left; column < box.Right; column++)
            {
                if (scene.Mask[row, column, 0] != box.Label + 1)
                    continue;
                sum += scene.Picture[row, column, 0] - Math.Max(scene.Picture[row, column, 1], scene.Picture[row, column, 2]);
                count++;
            }
        }
        return sum / count;
    }
}
