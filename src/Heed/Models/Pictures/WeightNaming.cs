namespace Heed;

/// <summary>Whose names a file of a picture network's weights has.</summary>
public enum WeightNaming
{
    /// <summary>Those by which the family's weights are usually found: torchvision's for residual networks and MobileNetV3, timm's for vision Transformers.</summary>
    Usual,

    /// <summary>torchvision's; vision Transformers are not written so.</summary>
    Torchvision,

    /// <summary>timm's (PyTorch Image Models).</summary>
    Timm,
}
