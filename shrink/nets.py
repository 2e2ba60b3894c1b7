"""The course's networks, each readable in one screen: float32 inputs (N, C, H, W), logits (N, 10)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def lenet_300_100() -> nn.Sequential:
    """LeNet-300-100 for MNIST (LeCun et al. 1998; the first test of many papers): 266,610 parameters."""
    return nn.Sequential(
        nn.Flatten(),  # (N, 784)
        nn.Linear(784, 300), nn.ReLU(),
        nn.Linear(300, 100), nn.ReLU(),
        nn.Linear(100, 10),
    )  # fmt: skip


def lenet_5() -> nn.Sequential:
    """LeNet-5 for MNIST in its Caffe form (no activation behind the convolutions): 431,080 parameters."""
    return nn.Sequential(
        nn.Conv2d(1, 20, 5), nn.MaxPool2d(2),  # (N, 20, 12, 12)
        nn.Conv2d(20, 50, 5), nn.MaxPool2d(2),  # (N, 50, 4, 4)
        nn.Flatten(),  # (N, 800)
        nn.Linear(800, 500), nn.ReLU(),
        nn.Linear(500, 10),
    )  # fmt: skip


class BasicBlock(nn.Module):
    """Two 3x3 convolutions around which the input is added back (He et al. 2016, figure 2)."""

    def __init__(
        self, inputs: int, outputs: int, *, stride: int = 1, bias: bool = False, project: bool = False
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=bias)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=bias)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut: nn.Module = nn.Identity()
        if inputs != outputs and project:
            self.shortcut = nn.Conv2d(inputs, outputs, 1, stride=stride, bias=bias)
        elif inputs != outputs:
            self.shortcut = PadShortcut(outputs - inputs)

    def forward(self, x: Tensor) -> Tensor:
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        return F.relu(out + self.shortcut(x))


class PadShortcut(nn.Module):
    """Every second pixel, and zeros for the new channels: no parameters (He et al. 2016, option A)."""

    def __init__(self, new_channels: int) -> None:
        super().__init__()
        self.new_channels = new_channels

    def forward(self, x: Tensor) -> Tensor:
        return F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 0, self.new_channels))


class ResNet(nn.Module):
    """A residual net for 32x32 images: a stem of 16 channels, then three stages of 16, 32 and 64 channels."""

    def __init__(self, blocks: int, *, bias: bool = False, project: bool = False) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3, padding=1, bias=bias)
        self.bn = nn.BatchNorm2d(16)
        stages = []
        for inputs, outputs, stride in ((16, 16, 1), (16, 32, 2), (32, 64, 2)):
            first = BasicBlock(inputs, outputs, stride=stride, bias=bias, project=project)
            rest = [BasicBlock(outputs, outputs, bias=bias) for _ in range(blocks - 1)]
            stages.append(nn.Sequential(first, *rest))
        self.stages = nn.Sequential(*stages)
        self.fc = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.bn(self.conv(x)))  # (N, 16, 32, 32)
        x = self.stages(x)  # (N, 64, 8, 8)
        logits: Tensor = self.fc(x.mean(dim=(2, 3)))
        return logits


def resnet_8() -> ResNet:
    """ResNet-8 for CIFAR-10 as in MLPerf Tiny (Banbury et al. 2021): 78,186 parameters."""
    return ResNet(1, bias=True, project=True)


def resnet_20() -> ResNet:
    """ResNet-20 for CIFAR-10 (He et al. 2016, section 4.2): 269,722 parameters."""
    return ResNet(3)


class WhiteningNet(nn.Module):
    """A fast CIFAR-10 net after Jordan 2024 (airbench): a fixed 2x2 whitening convolution, then three blocks.

    The first convolution decorrelates 2x2 patches; `set_whitening_` computes it from training
    images, and it is not trained. Each block halves the image.
    """

    def __init__(self, widths: tuple[int, int, int]) -> None:
        super().__init__()
        self.whiten = nn.Conv2d(3, 24, 2)  # (N, 24, 31, 31)
        self.whiten.weight.requires_grad = False
        channels = (24, *widths)
        self.blocks = nn.Sequential(*(whitening_block(channels[i], channels[i + 1]) for i in range(3)))
        self.fc = nn.Linear(widths[2], 10, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = F.gelu(self.whiten(x))
        x = self.blocks(x)  # (N, C, 3, 3)
        logits: Tensor = self.fc(x.amax(dim=(2, 3)))
        return logits / 9


def whitening_block(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.MaxPool2d(2),
        nn.BatchNorm2d(outputs), nn.GELU(),
        nn.Conv2d(outputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.GELU(),
    )  # fmt: skip


def set_whitening_(net: WhiteningNet, images: Tensor, *, eps: float = 5e-4) -> None:
    """Fills the whitening convolution from normalised images (N, 3, H, W): 12 eigenvectors, 12 negatives."""
    patches = F.unfold(images, 2).transpose(1, 2).reshape(-1, 12)  # (patches, 3 * 2 * 2)
    values, vectors = torch.linalg.eigh(torch.cov(patches.T))
    scaled = (vectors / torch.sqrt(values + eps)).T.reshape(12, 3, 2, 2)
    net.whiten.weight.data.copy_(torch.cat([scaled, -scaled]))
    nn.init.zeros_(net.whiten.bias)  # type: ignore[arg-type]


def student() -> WhiteningNet:
    """The small whitening net: 91,320 parameters."""
    return WhiteningNet((32, 32, 64))


def teacher() -> WhiteningNet:
    """The large whitening net: 1,972,792 parameters."""
    return WhiteningNet((64, 256, 256))


NETS = {
    "lenet_300_100": lenet_300_100, "lenet_5": lenet_5, "resnet_8": resnet_8,
    "resnet_20": resnet_20, "student": student, "teacher": teacher,
}  # fmt: skip
