// Copyright 2026 The mobilebert_tf Authors
// SPDX-License-Identifier: Apache-2.0

// Metadata, vocabulary and labels inside a .tflite or an .onnx file.

/**
 * Reads what export_tflite and export_onnx put into their files.
 *
 * @param {Uint8Array} bytes The file.
 * @return {{metadata: Object, tokens: string[], labels: string[],
 *     isTFLite: boolean}}
 */
export function readModelFile(bytes) {
  const isTFLite = new TextDecoder().decode(bytes.subarray(4, 8)) === 'TFL3';
  const texts = isTFLite ? readArchive(bytes) : readProperties(bytes);
  for (const name of ['metadata.json', 'vocab.txt']) {
    if (!(name in texts)) {
      throw new Error(`The file has no ${name}, so export_tflite or ` +
                      'export_onnx did not write it.');
    }
  }
  return {
    isTFLite,
    metadata: JSON.parse(texts['metadata.json']),
    tokens: lines(texts['vocab.txt']),
    labels: lines(texts['labels.txt'] ?? ''),
  };
}

function lines(text) {
  const found = text.split('\n');
  return found.at(-1) === '' ? found.slice(0, -1) : found;
}

/** Returns the files of the ZIP archive behind a model; none is compressed. */
function readArchive(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new TextDecoder();
  const end = bytes.byteLength - 22;  // Of an archive without a comment.
  if (end < 0 || view.getUint32(end, true) !== 0x06054b50) {
    return {};
  }
  const texts = {};
  let place = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left--) {
    const size = view.getUint32(place + 20, true);
    const nameLength = view.getUint16(place + 28, true);
    const rest = view.getUint16(place + 30, true) +
        view.getUint16(place + 32, true);
    const header = view.getUint32(place + 42, true);
    const name = decoder.decode(bytes.subarray(place + 46,
                                               place + 46 + nameLength));
    const start = header + 30 + view.getUint16(header + 26, true) +
        view.getUint16(header + 28, true);
    texts[name] = decoder.decode(bytes.subarray(start, start + size));
    place += 46 + nameLength + rest;
  }
  return texts;
}

const METADATA_PROPS = 14;  // A field of ONNX's ModelProto.

/** Returns the metadata properties of an ONNX model. */
function readProperties(bytes) {
  const texts = {};
  for (const [field, value] of fields(bytes)) {
    if (field === METADATA_PROPS && value instanceof Uint8Array) {
      const parts = new Map(fields(value));
      const [name, text] = [1, 2].map(
          (part) => new TextDecoder().decode(parts.get(part)));
      texts[name] = text;
    }
  }
  return texts;
}

/** Yields number and value of each field of a protocol buffer. */
function* fields(bytes) {
  let place = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 1;; shift *= 128) {
      if (place >= bytes.length) {
        throw new Error('The file is cut off.');
      }
      const byte = bytes[place++];
      value += (byte & 127) * shift;
      if (byte < 128) {
        return value;
      }
    }
  };
  while (place < bytes.length) {
    const key = varint();
    const type = key % 8;
    if (type === 0) {
      yield [Math.floor(key / 8), varint()];
      continue;
    }
    const size = {1: 8, 5: 4}[type] ?? (type === 2 ? varint() : NaN);
    if (!(place + size <= bytes.length)) {
      throw new Error('The file is damaged, or no model.');
    }
    yield [Math.floor(key / 8), bytes.subarray(place, place + size)];
    place += size;
  }
}
