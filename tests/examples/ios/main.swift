// Copyright 2026 The mobilebert_tf Authors
// SPDX-License-Identifier: Apache-2.0

// Answers the calls of phones_test.py, a JSON object a line.

import Foundation

typealias Fields = [String: Any]

func json(_ label: Label) -> Fields {
  [
    "label": label.label, "probability": Double(label.probability),
    "truncated": label.truncated,
  ]
}

func json(_ word: LabelledWord, of text: String) -> Fields {
  let found = place(word.range, in: text)
  return [
    "text": String(text[word.range]), "start": found.0, "end": found.1,
    "label": word.label, "probability": Double(word.probability),
  ]
}

func json(_ answer: Answer, of context: String) -> Fields {
  let found = answer.range.map { place($0, in: context) }
  return [
    "text": answer.text, "start": found?.0 ?? NSNull(),
    "end": found?.1 ?? NSNull(), "score": answer.score,
    "null_odds": answer.nullOdds, "truncated": answer.truncated,
  ]
}

/// Returns where a range begins and ends, in UTF-16 as Kotlin's does.
func place(_ range: Range<String.Index>, in text: String) -> (Any, Any) {
  (
    range.lowerBound.utf16Offset(in: text),
    range.upperBound.utf16Offset(in: text)
  )
}

func call(_ model: MobileBert, _ call: Fields) throws -> Any {
  let text = call["text"] as? String ?? ""
  let pair = call["pair"] as? String
  switch call["call"] as? String {
  case "classify": return json(try model.classify(text, pair: pair))
  case "labels": return try model.labels(text, pair: pair).map(json)
  case "score": return Double(try model.score(text, pair: pair))
  case "embed": return try model.embed(text).map(Double.init)
  case "words":
    let found = try model.words(text)
    return [
      "words": found.words.map { json($0, of: text) },
      "entities": found.entities.map { json($0, of: text) },
      "truncated": found.truncated,
    ] as Fields
  case "answer":
    return json(try model.answer(text, context: pair!), of: pair!)
  default: return inThreads(model, call["texts"] as! [String])
  }
}

/// Answers of several threads.
final class Found: @unchecked Sendable {
  private let lock = NSLock()
  private(set) var rows: [Fields]

  init(count: Int) {
    rows = [Fields](repeating: [:], count: count)
  }

  func set(_ place: Int, _ row: Fields) {
    lock.lock()
    rows[place] = row
    lock.unlock()
  }
}

func inThreads(_ model: MobileBert, _ texts: [String]) -> [Fields] {
  let found = Found(count: texts.count)
  DispatchQueue.concurrentPerform(iterations: 8) { number in
    for i in stride(from: number, to: texts.count, by: 8) {
      found.set(i, json(try! model.classify(texts[i])))
    }
  }
  return found.rows
}

let folder = URL(fileURLWithPath: CommandLine.arguments[1])

func read(_ name: String) -> String? {
  try? String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
}

let model = try MobileBert(
  model: folder.appendingPathComponent("model.tflite").path,
  metadata: Data(read("metadata.json")!.utf8), vocabulary: read("vocab.txt")!,
  labels: read("labels.txt"))
while let line = readLine() {
  let asked =
    try JSONSerialization.jsonObject(with: Data(line.utf8)) as! Fields
  var answer: Any
  do {
    answer = try call(model, asked)
  } catch {
    answer = "refused: \(error.localizedDescription)"
  }
  let data = try JSONSerialization.data(withJSONObject: ["answer": answer])
  print("= " + String(decoding: data, as: UTF8.self))
  fflush(nil)
}
