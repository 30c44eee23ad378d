"""Train the product's own recogniser of number lines: `make train`. The only file that knows torch.

`python scripts/train.py [STEPS]`: always the same lines in the same order; writes vision/weights/lines.onnx and its provenance.
A small convolutional net with connectionist temporal classification; its confidences are calibrated on lines that it never saw.
"""

import json
import multiprocessing
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import torch
from torch import nn
from train_lines import ALPHABET, FONT, HEIGHT_PX, Pen, batch

ROOT = Path(__file__).parents[1]
WEIGHTS = ROOT / "vision" / "weights" / "lines.onnx"
SEED, STEPS, LINES = 20_261_125, 2300, 32
LENGTHS = (18, 44, 30, 18, 44, 36, 9)
PEAK = 3e-3
HELD_OUT = 900_000_000
"""seeds from here on are never trained on"""
CLASSES = len(ALPHABET) + 1


class Lines(nn.Module):
    """(N, 1, 32, W) grey, -1 … 1 → (N, W / 4, 38) scores: blank first, then the alphabet."""

    def __init__(self) -> None:
        super().__init__()
        self.eye = nn.Sequential(
            *self._layer(1, 12, stride=2), *self._layer(12, 24), nn.MaxPool2d(2), *self._layer(24, 40),
            nn.MaxPool2d((2, 1)), *self._layer(40, 56), nn.MaxPool2d((2, 1)),
            nn.Conv2d(56, 80, (2, 3), padding=(0, 1), bias=False), nn.BatchNorm2d(80), nn.ReLU(),
        )  # fmt: skip
        self.around = nn.Sequential(nn.Conv1d(80, 80, 3, padding=1, bias=False), nn.BatchNorm1d(80), nn.ReLU())
        self.dropped = nn.Dropout(0.1)
        self.scores = nn.Conv1d(80, CLASSES, 1)
        self.register_buffer("temperature", torch.ones(1))

    @staticmethod
    def _layer(before: int, after: int, stride: int = 1) -> list[nn.Module]:
        return [nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Scores over the temperature."""
        columns = self.eye(pictures).squeeze(2)
        columns = columns + self.around(columns)
        return self.scores(self.dropped(columns)).transpose(1, 2) / self.temperature


class Reader(nn.Module):
    """What is shipped: probabilities instead of scores."""

    def __init__(self, lines: Lines) -> None:
        super().__init__()
        self.lines = lines

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Probabilities."""
        return torch.softmax(self.lines(pictures), 2)


def _tensor(pictures: np.ndarray[Any, Any]) -> torch.Tensor:
    return torch.from_numpy(pictures.astype(np.float32) / 127.5 - 1)[:, None]


def _targets(texts: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
    codes = torch.tensor([ALPHABET.index(char) + 1 for text in texts for char in text])
    return codes, torch.tensor([len(text) for text in texts])


def _produce(steps: int, out: "multiprocessing.Queue[tuple[np.ndarray[Any, Any], list[str]]]") -> None:
    """In a process of its own: lines get harder in the first half of the training."""
    cv2.setNumThreads(1)
    pen = Pen(FONT)
    for step in range(steps):
        hardship = min(1.0, 0.2 + 1.6 * step / steps)
        out.put(batch(pen, SEED + step, LINES, LENGTHS[step % len(LENGTHS)], hardship))


def train(steps: int) -> Lines:
    """The same net for the same number of steps, up to the order in which sums are rounded."""
    torch.manual_seed(SEED)
    torch.set_num_threads(1)  # the other core makes the lines
    net = Lines()
    best = torch.optim.AdamW(net.parameters(), lr=PEAK, weight_decay=1e-4)
    rate = torch.optim.lr_scheduler.OneCycleLR(best, PEAK, steps, pct_start=0.15)
    loss_of = nn.CTCLoss(zero_infinity=True)
    queue: multiprocessing.Queue[tuple[np.ndarray[Any, Any], list[str]]] = multiprocessing.Queue(8)
    producer = multiprocessing.Process(target=_produce, args=(steps, queue), daemon=True)
    producer.start()
    begun, mean = time.monotonic(), 4.0
    for step in range(steps):
        pictures, texts = queue.get()
        scores = net(_tensor(pictures)).log_softmax(2).transpose(0, 1)
        codes, lengths = _targets(texts)
        loss = loss_of(scores, codes, torch.full((len(texts),), scores.shape[0]), lengths)
        best.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        best.step()
        rate.step()
        mean = 0.98 * mean + 0.02 * float(loss.detach())
        if step % 50 == 0 or step == steps - 1:
            print(f"\rstep {step}/{steps}  loss {mean:.4f}  {time.monotonic() - begun:.0f} s", end="", flush=True)
    print()
    producer.join()
    return net.eval()


def _greedy(scores: torch.Tensor) -> list[tuple[str, list[int]]]:
    """Text of each line, and the step at which each of its characters is strongest."""
    read = []
    for line in scores.softmax(2):
        path, text, steps, before = line.argmax(1).tolist(), "", [], 0
        for step, code in enumerate(path):
            if code and code != before:
                text += ALPHABET[code - 1]
                steps.append(step)
            elif code and line[step, code] > line[steps[-1], code]:
                steps[-1] = step
            before = code
        read.append((text, steps))
    return read


@torch.no_grad()
def calibrate(net: Lines, pen: Pen) -> dict[str, float]:
    """Choose the temperature at which confidences of characters are as high as they are right, and say how far they are."""
    scores, right = [], []
    for n in range(24):
        pictures, texts = batch(pen, HELD_OUT + n, LINES, LENGTHS[n % len(LENGTHS)])
        raw = net(_tensor(pictures))
        for line, (text, steps), truth in zip(raw, _greedy(raw), texts, strict=True):
            if len(text) == len(truth):
                scores += [line[step] for step in steps]
                right += [a == b for a, b in zip(text, truth, strict=True)]
    stacked, hits = torch.stack(scores), torch.tensor(right)
    best = min((_miss(stacked / t, hits), t) for t in np.arange(0.6, 3.01, 0.05))
    net.temperature[:] = best[1]
    confidence = (stacked / best[1]).softmax(1).max(1).values
    gaps = []
    for low in np.arange(0, 1, 0.1):
        inside = (confidence >= low) & (confidence < low + 0.1)
        if inside.any():
            gaps.append(
                float(inside.float().mean()) * abs(float(confidence[inside].mean()) - float(hits[inside].float().mean()))
            )
    return {"temperature": round(float(best[1]), 2), "calibration_error": round(sum(gaps), 4), "characters": len(right)}


def _miss(scores: torch.Tensor, hits: torch.Tensor) -> float:
    """Negative log likelihood of being right."""
    confidence = scores.softmax(1).max(1).values.clamp(1e-6, 1 - 1e-6)
    return float(-(torch.where(hits, confidence.log(), (1 - confidence).log())).mean())


@torch.no_grad()
def score(net: Lines, font: Path) -> dict[str, float]:
    """Share of lines read without a fault, by hardship."""
    pen, found = Pen(font), {}
    for hardship in (0.0, 0.3, 0.6, 1.0):
        right = lines = 0
        for n, characters in enumerate((18, 30, 44)):
            pictures, texts = batch(pen, HELD_OUT + 5000 + 10 * n + round(hardship * 10), 100, characters, hardship)
            right += sum(text == truth for (text, _), truth in zip(_greedy(net(_tensor(pictures))), texts, strict=True))
            lines += len(texts)
        found[f"up_to_{hardship}"] = round(right / lines, 4)
    return found


def export(net: Lines) -> None:
    """Weights as ONNX with the alphabet in it."""
    WEIGHTS.parent.mkdir(exist_ok=True)
    example = torch.zeros(1, 1, HEIGHT_PX, 304)
    axes = {"line": {0: "n", 3: "width"}, "probability": {0: "n", 1: "steps"}}
    torch.onnx.export(
        Reader(net).eval(), (example,), str(WEIGHTS), input_names=["line"], output_names=["probability"], dynamic_axes=axes,
        opset_version=17, dynamo=False,
    )  # fmt: skip
    model = onnx.load(str(WEIGHTS))
    model.metadata_props.add(key="character", value="\n".join(ALPHABET))
    onnx.save(model, str(WEIGHTS))


def main() -> None:
    """Train, calibrate, export, and write down what came of it."""
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else STEPS
    begun = time.monotonic()
    net = train(steps)
    took_s = round(time.monotonic() - begun)
    calibrated = calibrate(net, Pen(FONT))
    export(net)
    facts = {
        "made_by": "scripts/train.py", "seed": SEED, "steps": steps, "lines": steps * LINES, "trained_s": took_s,
        "parameters": sum(weight.numel() for weight in net.parameters()), "bytes": WEIGHTS.stat().st_size,
        "trained_on": FONT.name, "torch": torch.__version__, **calibrated,
        "whole_lines_right": {font: score(net, FONT.with_name(font)) for font in ("OCRB.otf", "OCRBS.otf", "OCRBL.otf")},
    }  # fmt: skip
    WEIGHTS.with_suffix(".json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(facts, indent=2))


if __name__ == "__main__":
    main()
