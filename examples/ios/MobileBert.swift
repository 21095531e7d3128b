// Copyright 2026 The mobilebert_tf Authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import MobileBertText
import TensorFlowLiteC

/// A label of a text.
public struct Label {
  public let label: String
  public let probability: Float
  /// Whether the model read only a part of the text.
  public let truncated: Bool
}

/// A word or an entity, `text[range]`.
public struct LabelledWord {
  public let range: Range<String.Index>
  public let label: String
  public let probability: Float
}

/// The words of a text, and its entities if the labels mark any.
public struct LabelledText {
  public let words: [LabelledWord]
  public let entities: [LabelledWord]
  public let truncated: Bool
}

/// The answer to a question, `context[range]`.
public struct Answer {
  public let text: String
  /// Nil if there is no answer.
  public let range: Range<String.Index>?
  /// Probability among the best answers.
  public let score: Double
  /// The no-answer score minus that of the best answer.
  public let nullOdds: Double
  /// Whether the end of the question was not read.
  public let truncated: Bool
}

public struct MobileBertError: LocalizedError {
  public let errorDescription: String?

  init(_ message: String) {
    errorDescription = message
  }
}

/// Answers texts with a file of `export_tflite`, as `TFLiteRunner` does in
/// Python.
///
/// Keep one for as long as the app lives: the first call of each length packs
/// the model's weights. Threads may share it; they take turns at the
/// interpreter, which has one set of buffers.
public final class MobileBert: @unchecked Sendable {
  private let metadata: Metadata
  private let labelNames: [String]
  private let reader: OpaquePointer
  private let model: OpaquePointer
  private let interpreter: OpaquePointer
  private let lock = NSLock()
  private var runners: [String: OpaquePointer] = [:]

  /// - Parameters:
  ///   - model: Path of the .tflite file.
  ///   - metadata: Content of metadata.json.
  ///   - vocabulary: Content of vocab.txt.
  ///   - labels: Content of labels.txt, nil if there is none.
  public init(
    model path: String, metadata: Data, vocabulary: String,
    labels: String? = nil, threads: Int32 = 2
  ) throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    self.metadata = try decoder.decode(Metadata.self, from: metadata)
    // Not by Character, which takes a line end and a mark after it for one.
    labelNames = (labels ?? "").unicodeScalars.split(separator: "\n").map(
      String.init)
    let options = TfLiteInterpreterOptionsCreate()
    defer { TfLiteInterpreterOptionsDelete(options) }
    TfLiteInterpreterOptionsSetNumThreads(options, threads)
    // What throws here has to free what it made: deinit is not called.
    let reader = try open(self.metadata, vocabulary, labels)
    let model = TfLiteModelCreateFromFile(path)
    guard let model, let interpreter = TfLiteInterpreterCreate(model, options)
    else {
      TfLiteModelDelete(model)
      mbt_close(reader)
      throw MobileBertError("LiteRT does not load \(path).")
    }
    self.reader = reader
    self.model = model
    self.interpreter = interpreter
  }

  deinit {
    for runner in runners.values { TfLiteSignatureRunnerDelete(runner) }
    TfLiteInterpreterDelete(interpreter)
    TfLiteModelDelete(model)
    mbt_close(reader)
  }

  /// The most probable label.
  public func classify(_ text: String, pair: String? = nil) throws -> Label {
    let (probabilities, truncated) = try compute(
      "classification", "probabilities", text, pair)
    let probability = probabilities.max()!
    let best = probabilities.firstIndex(of: probability)!
    return Label(
      label: labelNames[best], probability: probability, truncated: truncated)
  }

  /// All labels whose threshold is reached, the likeliest first.
  public func labels(_ text: String, pair: String? = nil) throws -> [Label] {
    let (probabilities, truncated) = try compute(
      "multi_label_classification", "probabilities", text, pair)
    let thresholds = metadata.multiLabelClassification?.thresholds ?? []
    return zip(zip(labelNames, probabilities), thresholds)
      .filter { $0.1 >= $1 }
      .map { Label(label: $0.0.0, probability: $0.0.1, truncated: truncated) }
      .sorted { $0.probability > $1.probability }
  }

  /// The value that a regression gives.
  public func score(_ text: String, pair: String? = nil) throws -> Float {
    try compute("regression", "score", text, pair).0[0]
  }

  /// The vector of a text.
  public func embed(_ text: String) throws -> [Float] {
    metadata.task == "embedding"
      ? try compute("embedding", "mean_output", text, nil).0
      : try compute("sentence_embedding", "vector", text, nil).0
  }

  /// Labels of the words of a text of any length.
  public func words(_ text: String) throws -> LabelledText {
    try check("token_classification")
    let request = try Request(
      withText(text) { mbt_request_words(reader, $0) })
    for row in 0..<mbt_row_count(request.pointer) {
      let found = try run(request, row, ["probabilities"])
      try requireFinite(
        mbt_add_probabilities(request.pointer, row, found[0], labelNames.count))
    }
    let words = (0..<mbt_word_count(request.pointer)).map {
      let word = mbt_word(request.pointer, $0)
      return LabelledWord(
        range: range(of: text, word.start, word.end),
        label: labelNames[Int(word.label)], probability: word.probability)
    }
    let entities = (0..<mbt_entity_count(request.pointer)).map {
      let entity = mbt_entity(request.pointer, $0)
      return LabelledWord(
        range: range(of: text, entity.start, entity.end),
        label: String(
          labelNames[Int(entity.label)].unicodeScalars.dropFirst(2)),
        probability: entity.probability)
    }
    return LabelledText(
      words: words, entities: entities,
      truncated: mbt_truncated(request.pointer))
  }

  /// The answer to a question from a context of any length.
  public func answer(_ question: String, context: String) throws -> Answer {
    try check("question_answering")
    let request = try Request(
      withText(question) { asked in
        withText(context) { mbt_request_answer(reader, asked, $0) }
      })
    for row in 0..<mbt_row_count(request.pointer) {
      let found = try run(request, row, ["start_logits", "end_logits"])
      try requireFinite(
        mbt_add_logits(request.pointer, row, found[0], found[1]))
    }
    let found = mbt_answer(request.pointer)
    let place = found.found ? range(of: context, found.start, found.end) : nil
    return Answer(
      text: place.map { String(context[$0]) } ?? "", range: place,
      score: found.score, nullOdds: found.null_odds,
      truncated: mbt_truncated(request.pointer))
  }

  private func compute(
    _ task: String, _ output: String, _ text: String, _ pair: String?
  ) throws -> ([Float], Bool) {
    try check(task)
    guard (pair != nil) == metadata.pairs else {
      throw MobileBertError(
        pair == nil
          ? "The model reads pairs of texts: give both."
          : "The model reads single texts: give no pair.")
    }
    let request = try Request(
      withText(text) { text in
        guard let pair else { return mbt_request(reader, text, nil) }
        return withText(pair) { pair in
          withUnsafePointer(to: pair) { mbt_request(reader, text, $0) }
        }
      })
    let numbers = try run(request, 0, [output])[0]
    try requireFinite(numbers.allSatisfy(\.isFinite))
    return (numbers, mbt_truncated(request.pointer))
  }

  /// Runs a row at the shortest length with room for it, and for one [PAD].
  private func run(
    _ request: Request, _ row: Int, _ outputs: [String]
  ) throws -> [[Float]] {
    let tokens = mbt_row_length(request.pointer, row)
    // A file for MediaPipe adds the [PAD] after a text itself.
    let padding = metadata.runtime == "mediapipe" ? 0 : 1
    guard
      let length = metadata.lengths.first(where: { $0 >= tokens + padding })
    else {
      throw MobileBertError(
        "No signature has room for \(tokens) tokens and [PAD]; export the "
          + "file without --dynamic_length, or with longer --lengths.")
    }
    var ids = [Int32](repeating: 0, count: length)
    var mask = ids
    var types = ids
    mbt_fill(request.pointer, row, length, &ids, &mask, &types)
    lock.lock()
    defer { lock.unlock() }
    let runner = try runner("serve_\(length)")
    for (name, values) in [
      ("input_word_ids", ids), ("input_mask", mask), ("input_type_ids", types),
    ] {
      let tensor = TfLiteSignatureRunnerGetInputTensor(runner, name)
      try requireOk(
        TfLiteTensorCopyFromBuffer(
          tensor, values, MemoryLayout<Int32>.stride * length))
    }
    try requireOk(TfLiteSignatureRunnerInvoke(runner))
    return try outputs.map { name in
      let tensor = TfLiteSignatureRunnerGetOutputTensor(runner, name)
      let size = TfLiteTensorByteSize(tensor)
      var numbers = [Float](
        repeating: 0, count: size / MemoryLayout<Float>.stride)
      try requireOk(TfLiteTensorCopyToBuffer(tensor, &numbers, size))
      return numbers
    }
  }

  private func runner(_ signature: String) throws -> OpaquePointer {
    if let runner = runners[signature] { return runner }
    guard
      let runner = TfLiteInterpreterGetSignatureRunner(interpreter, signature)
    else { throw MobileBertError("The file has no signature \(signature).") }
    let status = TfLiteSignatureRunnerAllocateTensors(runner)
    if status != kTfLiteOk { TfLiteSignatureRunnerDelete(runner) }
    try requireOk(status)
    runners[signature] = runner
    return runner
  }

  private func check(_ task: String) throws {
    // A file with early exits has the whole model as well.
    guard [task, "early_exit_" + task].contains(metadata.task) else {
      throw MobileBertError(
        "The file is of the task \(metadata.task), not \(task).")
    }
  }
}

// MARK: - Helpers

private struct Metadata: Decodable {
  struct Questions: Decodable {
    let docStride, queryLength, nBest, maxAnswerLength: Int32
    let maxWindows: Int32?
    let allowNoAnswer: Bool
    let nullThreshold: Double
  }

  struct Labels: Decodable {
    let thresholds: [Float]
  }

  struct Case: Decodable {
    let value: MbtCase

    init(from decoder: Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let lower = try? container.decode(Bool.self) {
        value = lower ? MBT_LOWER : MBT_CASED
        return
      }
      switch try container.decode(String.self) {
      case "keep_accents": value = MBT_KEEP_ACCENTS
      case "mediapipe": value = MBT_MEDIAPIPE
      case let name:
        throw MobileBertError("The tokenizer cannot lower-case as \(name).")
      }
    }
  }

  let task: String
  let runtime: String?
  let lengths: [Int]
  let maxLength: Int32
  let maxWordLength: Int32?
  let lowerCase: Case
  let pairs: Bool
  let questionAnswering: Questions?
  let multiLabelClassification: Labels?
}

/// A request of the C library, freed with the last reference to it.
private final class Request {
  let pointer: OpaquePointer

  init(_ pointer: OpaquePointer?) throws {
    guard let pointer else {
      throw MobileBertError(
        "The context needs more windows than max_windows: shorten it.")
    }
    self.pointer = pointer
  }

  deinit { mbt_free(pointer) }
}

private func open(
  _ metadata: Metadata, _ vocabulary: String, _ labels: String?
) throws -> OpaquePointer {
  let asked = metadata.questionAnswering
  var settings = MbtSettings(
    lower_case: metadata.lowerCase.value,
    max_word_length: metadata.maxWordLength ?? 200,
    max_length: metadata.maxLength,
    doc_stride: asked?.docStride ?? 0, query_length: asked?.queryLength ?? 0,
    n_best: asked?.nBest ?? 0, max_answer_length: asked?.maxAnswerLength ?? 0,
    max_windows: asked?.maxWindows ?? 512,
    allow_no_answer: asked?.allowNoAnswer ?? false,
    null_threshold: asked?.nullThreshold ?? 0)
  var error = [CChar](repeating: 0, count: 200)
  let reader = withText(vocabulary) { vocabulary in
    withText(labels ?? "") { lines in
      withUnsafePointer(to: lines) {
        mbt_open(
          vocabulary, labels == nil ? nil : $0, &settings, &error, error.count)
      }
    }
  }
  guard let reader else {
    throw MobileBertError(
      error.withUnsafeBufferPointer { String(cString: $0.baseAddress!) })
  }
  return reader
}

private func withText<Result>(
  _ text: String, _ body: (MbtText) throws -> Result
) rethrows -> Result {
  var text = text
  return try text.withUTF8 {
    try body(
      MbtText(data: $0.baseAddress, size: $0.count, encoding: MBT_UTF8))
  }
}

/// Returns the range from one byte of UTF-8 to another.
private func range(
  of text: String, _ start: Int, _ end: Int
) -> Range<String.Index> {
  let first = text.utf8.index(text.startIndex, offsetBy: start)
  return first..<text.utf8.index(first, offsetBy: end - start)
}

private func requireFinite(_ finite: Bool) throws {
  guard finite else {
    throw MobileBertError("The model gives numbers that are not finite.")
  }
}

private func requireOk(_ status: TfLiteStatus) throws {
  guard status == kTfLiteOk else {
    throw MobileBertError("LiteRT fails: status \(status.rawValue).")
  }
}
