# SPDX-License-Identifier: GPL-2.0
"""A terminal's screen, as `tmux capture-pane -ep` gives it, as a picture."""

import pyte
from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont

BACKGROUND, TEXT, SIZE, MARGIN = "#1d1f21", "#d8d8d8", 15, 8
COLOURS = {"default": TEXT, "black": "#555555", "red": "#e06c75", "green": "#98c379",
           "brown": "#e5c07b", "yellow": "#e5c07b", "blue": "#61afef", "magenta": "#c678dd",
           "cyan": "#56b6c2", "white": "#ffffff"}


def font(bold):
    weight = "bold" if bold else "normal"
    path = font_manager.findfont(font_manager.FontProperties("DejaVu Sans Mono", weight=weight))
    return ImageFont.truetype(path, SIZE)


def screen_of(text, columns, lines):
    screen = pyte.Screen(columns, lines)
    pyte.Stream(screen).feed("\r\n".join(text.rstrip("\n").split("\n")[:lines]))
    return screen


def draw(text, path, columns=80, lines=24):
    screen = screen_of(text, columns, lines)
    fonts = {bold: font(bold) for bold in (False, True)}
    left, top, right, bottom = fonts[False].getbbox("M│")
    width, height = (right - left) / 2, SIZE + 4
    image = Image.new("RGB", (int(columns * width) + 2 * MARGIN, lines * height + 2 * MARGIN),
                      BACKGROUND)
    pen = ImageDraw.Draw(image)
    for row in range(lines):
        for column in range(columns):
            cell = screen.buffer[row][column]
            fore = COLOURS.get(cell.fg, TEXT)
            back = BACKGROUND if cell.bg == "default" else COLOURS.get(cell.bg, BACKGROUND)
            if cell.reverse:
                fore, back = back, fore
            x, y = MARGIN + column * width, MARGIN + row * height
            if back != BACKGROUND:
                pen.rectangle((x, y, x + width, y + height - 1), fill=back)
            pen.text((x, y), cell.data, fill=fore, font=fonts[cell.bold])
    image.save(path)
