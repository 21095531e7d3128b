// Copyright 2026 The mobilebert_tf Authors
// SPDX-License-Identifier: Apache-2.0

package mobilebert

import java.nio.ByteBuffer
import java.nio.FloatBuffer
import java.nio.IntBuffer
import org.json.JSONArray
import org.json.JSONObject
import org.tensorflow.lite.Interpreter

/** A label of a text, its probability, and whether only a part was read. */
data class Label(val label: String, val probability: Float, val truncated: Boolean)

/** A word or an entity, `text.substring(start, end)`. */
data class LabelledWord(
    val text: String, val start: Int, val end: Int, val label: String, val probability: Float)

/** The words of a text, and its entities if the labels mark any. */
data class LabelledText(
    val words: List<LabelledWord>, val entities: List<LabelledWord>, val truncated: Boolean)

/**
 * The answer to a question, `context.substring(start, end)`.
 *
 * @property start null, as is `end`, if there is no answer.
 * @property score Probability among the best answers.
 * @property nullOdds The no-answer score minus that of the best answer.
 * @property truncated Whether the end of the question was not read.
 */
data class Answer(
    val text: String, val start: Int?, val end: Int?, val score: Double, val nullOdds: Double,
    val truncated: Boolean)

/**
 * Answers texts with a file of `export_tflite`, as `TFLiteRunner` does in Python.
 *
 * Keep one for as long as the app lives: the first call of each length packs the model's weights.
 * Threads may share it; they take turns at the interpreter, which has one set of buffers.
 *
 * @param model The .tflite file, mapped: `FileChannel.map` of `assets.openFd("model.tflite")`.
 * @param metadata Content of metadata.json.
 * @param vocabulary Content of vocab.txt.
 * @param labels Content of labels.txt, null if there is none.
 */
class MobileBert(
    model: ByteBuffer, metadata: String, vocabulary: String, labels: String? = null,
    options: Interpreter.Options = Interpreter.Options().setNumThreads(2),
) : AutoCloseable {
    private val json = JSONObject(metadata)
    // A file with early exits has the whole model as well.
    private val task: String = json.getString("task").removePrefix("early_exit_")
    // A file for MediaPipe adds the [PAD] after a text itself.
    private val padding = if (json.optString("runtime") == "mediapipe") 0 else 1
    private val lengths = json.getJSONArray("lengths").toList { getInt(it) }
    private val labelNames =
        labels.orEmpty().split("\n").let { if (it.last().isEmpty()) it.dropLast(1) else it }
    private val interpreter = Interpreter(model, options)
    private var handle = Native.open(vocabulary, labels, numbers(), nullThreshold())
    private val reader: Long
        get() = if (handle != 0L) handle else throw IllegalStateException("It is closed.")

    /** The most probable label. */
    fun classify(text: String, pair: String? = null): Label {
        val (probabilities, truncated) = compute("classification", "probabilities", text, pair)
        val best = probabilities.indices.maxByOrNull { probabilities[it] }!!
        return Label(labelNames[best], probabilities[best], truncated)
    }

    /** All labels whose threshold is reached, the likeliest first. */
    fun labels(text: String, pair: String? = null): List<Label> {
        val (probabilities, truncated) =
            compute("multi_label_classification", "probabilities", text, pair)
        val thresholds = settings().getJSONArray("thresholds").toList { getDouble(it).toFloat() }
        return probabilities.indices
            .filter { probabilities[it] >= thresholds[it] }
            .sortedByDescending { probabilities[it] }
            .map { Label(labelNames[it], probabilities[it], truncated) }
    }

    /** The value that a regression gives. */
    fun score(text: String, pair: String? = null): Float =
        compute("regression", "score", text, pair).first[0]

    /** The vector of a text. */
    fun embed(text: String): FloatArray =
        if (task == "embedding") compute(task, "mean_output", text, null).first
        else compute("sentence_embedding", "vector", text, null).first

    /** Labels of the words of a text of any length. */
    fun words(text: String): LabelledText {
        check("token_classification")
        return use(Native.requestWords(reader, text)) { request ->
            for (row in 0 until Native.rowCount(request)) {
                val (probabilities) = run(request, row, "probabilities")
                requireFinite(
                    Native.addProbabilities(request, row, probabilities, labelNames.size))
            }
            val words = items(text, Native.words(request))
            val entities =
                items(text, Native.entities(request)).map { it.copy(label = it.label.drop(2)) }
            LabelledText(words, entities, Native.truncated(request))
        }
    }

    /** The answer to a question from a context of any length. */
    fun answer(question: String, context: String): Answer {
        check("question_answering")
        return use(Native.requestAnswer(reader, question, context)) { request ->
            for (row in 0 until Native.rowCount(request)) {
                val (starts, ends) = run(request, row, "start_logits", "end_logits")
                requireFinite(Native.addLogits(request, row, starts, ends))
            }
            val (found, start, end, score, nullOdds) = Native.answer(request)
            val place = if (found != 0.0) start.toInt() to end.toInt() else null
            Answer(
                place?.let { (first, last) -> context.substring(first, last) }.orEmpty(),
                place?.first, place?.second, score, nullOdds, Native.truncated(request))
        }
    }

    /** Frees the model; no other call may be running. */
    override fun close() {
        if (handle == 0L) return
        interpreter.close()
        Native.close(handle)
        handle = 0L
    }

    private fun compute(
        wanted: String, output: String, text: String, pair: String?,
    ): Pair<FloatArray, Boolean> {
        check(wanted)
        require((pair != null) == json.getBoolean("pairs")) {
            if (pair == null) "The model reads pairs of texts: give both."
            else "The model reads single texts: give no pair."
        }
        return use(Native.request(reader, text, pair)) { request ->
            val (numbers) = run(request, 0, output)
            requireFinite(numbers.all { it.isFinite() })
            numbers to Native.truncated(request)
        }
    }

    /** Runs a row at the shortest length with room for it, and for one [PAD]. */
    private fun run(request: Long, row: Int, vararg outputs: String): List<FloatArray> {
        val tokens = Native.rowLength(request, row)
        val length = checkNotNull(lengths.firstOrNull { it >= tokens + padding }) {
            "No signature has room for $tokens tokens and [PAD]; export the file without " +
                "--dynamic_length, or with longer --lengths."
        }
        val inputs = List(3) { IntArray(length) }
        Native.fill(request, row, inputs[0], inputs[1], inputs[2])
        val signature = "serve_$length"
        synchronized(interpreter) {
            val found = outputs.associateWith {
                val tensor = interpreter.getOutputTensorFromSignature(it, signature)
                FloatBuffer.allocate(tensor.numElements())
            }
            interpreter.runSignature(
                INPUTS.zip(inputs.map<IntArray, Any> { IntBuffer.wrap(it) }).toMap(),
                HashMap<String, Any>(found), signature)
            return outputs.map { found.getValue(it).array() }
        }
    }

    private fun <T> use(request: Long, answer: (Long) -> T): T {
        require(request != 0L) { "The context needs more windows than max_windows: shorten it." }
        try {
            return answer(request)
        } finally {
            Native.free(request)
        }
    }

    private fun items(text: String, numbers: DoubleArray): List<LabelledWord> =
        List(numbers.size / 4) { i ->
            val (start, end, label) = List(3) { numbers[4 * i + it].toInt() }
            LabelledWord(
                text.substring(start, end), start, end, labelNames[label],
                numbers[4 * i + 3].toFloat())
        }

    private fun check(wanted: String) =
        check(task == wanted) { "The file is of the task $task, not $wanted." }

    private fun requireFinite(finite: Boolean) =
        check(finite) { "The model gives numbers that are not finite." }

    // === metadata.json ===

    private fun settings(): JSONObject = json.optJSONObject(task) ?: JSONObject()

    /** The settings that `Native.open` takes, in its order. */
    private fun numbers(): IntArray {
        val case = when (json.get("lower_case")) {
            false -> 0
            true -> 1
            "keep_accents" -> 2
            "mediapipe" -> 3
            else -> error("The tokenizer cannot lower-case as ${json.get("lower_case")}.")
        }
        val questions = if (task == "question_answering") settings() else JSONObject()
        val names = listOf("doc_stride", "query_length", "n_best", "max_answer_length")
        return intArrayOf(
            case, json.optInt("max_word_length", 200), json.getInt("max_length"),
            *names.map { questions.optInt(it) }.toIntArray(),
            questions.optInt("max_windows", 512),  // Of files of earlier releases.
            if (questions.optBoolean("allow_no_answer")) 1 else 0)
    }

    private fun nullThreshold(): Double = settings().optDouble("null_threshold", 0.0)

    private companion object {
        val INPUTS = listOf("input_word_ids", "input_mask", "input_type_ids")

        fun <T> JSONArray.toList(item: JSONArray.(Int) -> T): List<T> =
            List(length()) { item(it) }
    }
}

/** The functions of jni.cc; requests and readers are pointers. */
private object Native {
    init {
        System.loadLibrary("mobilebert_text")
    }

    @JvmStatic external fun open(
        vocabulary: String, labels: String?, numbers: IntArray, nullThreshold: Double): Long
    @JvmStatic external fun close(reader: Long)
    @JvmStatic external fun request(reader: Long, text: String, pair: String?): Long
    @JvmStatic external fun requestWords(reader: Long, text: String): Long
    @JvmStatic external fun requestAnswer(reader: Long, question: String, context: String): Long
    @JvmStatic external fun free(request: Long)
    @JvmStatic external fun rowCount(request: Long): Int
    @JvmStatic external fun rowLength(request: Long, row: Int): Int
    @JvmStatic external fun fill(
        request: Long, row: Int, ids: IntArray, mask: IntArray, types: IntArray)
    @JvmStatic external fun truncated(request: Long): Boolean
    @JvmStatic external fun addProbabilities(
        request: Long, row: Int, probabilities: FloatArray, labels: Int): Boolean
    @JvmStatic external fun words(request: Long): DoubleArray
    @JvmStatic external fun entities(request: Long): DoubleArray
    @JvmStatic external fun addLogits(
        request: Long, row: Int, startLogits: FloatArray, endLogits: FloatArray): Boolean
    @JvmStatic external fun answer(request: Long): DoubleArray
}
