"""picture.py FILE WIDTH dark|light - whether a PNG is that wide, not blank, and on such a ground.  Exit status 1: no."""
import collections
import struct
import sys
import zlib


def rows_of(path):
    """(width, bytes of a pixel, rows), of 8 bits a channel and not interlaced, as browsers write them."""
    with open(path, 'rb') as file:
        data = file.read()
    at, packed = 8, b''
    while at < len(data):
        size, kind = struct.unpack('>I4s', data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        if kind == b'IHDR':
            width, height, depth, colour, _, _, interlaced = struct.unpack('>IIBBBBB', body)
            assert depth == 8 and colour in (2, 6) and not interlaced, (depth, colour, interlaced)
        packed += body if kind == b'IDAT' else b''
        at += 12 + size
    step = 4 if colour == 6 else 3
    return width, step, list(unfilter(zlib.decompress(packed), width * step, height, step))


def unfilter(raw, length, height, step):
    above = bytearray(length)
    for y in range(height):
        kind, row = raw[y * (length + 1)], bytearray(raw[y * (length + 1) + 1:(y + 1) * (length + 1)])
        for i in range(length if kind else 0):
            left, up = row[i - step] if i >= step else 0, above[i]
            corner = above[i - step] if i >= step else 0
            row[i] = (row[i] + (left, up, (left + up) // 2, nearest(left, up, corner))[kind - 1]) & 255
        yield row
        above = row


def nearest(left, up, corner):
    distances = [(abs(up - corner), left), (abs(left - corner), up), (abs(left + up - 2 * corner), corner)]
    return min(distances, key=lambda pair: pair[0])[1]


def main(path, wanted, ground):
    width, step, rows = rows_of(path)
    colours = collections.Counter(bytes(row[x:x + 3]) for row in rows[::7] for x in range(0, len(row), 7 * step))
    (most, count), = colours.most_common(1)
    light = sum(most) / 3 > 127
    print(f'{path}: {width} wide, {len(colours)} colours, ground {most.hex()}')
    # Of a blank page all is ground; of one without its style, too much is.
    return width == int(wanted) and len(colours) > 50 and count < .97 * colours.total() and light == (ground == 'light')


if __name__ == '__main__':
    sys.exit(0 if main(*sys.argv[1:]) else 1)
