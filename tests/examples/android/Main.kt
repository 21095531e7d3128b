// Copyright 2026 The mobilebert_tf Authors
// SPDX-License-Identifier: Apache-2.0

import java.io.File
import java.io.RandomAccessFile
import java.nio.channels.FileChannel
import kotlin.concurrent.thread
import mobilebert.Answer
import mobilebert.Label
import mobilebert.LabelledText
import mobilebert.LabelledWord
import mobilebert.MobileBert
import org.json.JSONArray
import org.json.JSONObject
import org.tensorflow.lite.Interpreter

private const val THREADS = 8

/** Answers the calls of phones_test.py, a JSON object a line. */
fun main(arguments: Array<String>) {
    val folder = File(arguments[0])
    val file = RandomAccessFile(File(folder, "model.tflite"), "r")
    val labels = File(folder, "labels.txt")
    val model = MobileBert(
        file.channel.map(FileChannel.MapMode.READ_ONLY, 0, file.length()),
        File(folder, "metadata.json").readText(), File(folder, "vocab.txt").readText(),
        if (labels.exists()) labels.readText() else null)
    model.use {
        while (true) {
            val line = Interpreter.ANSWERS.readLine() ?: break
            val found = runCatching { call(model, JSONObject(line)) }
            println("= " + JSONObject().put("answer", found.getOrElse { "refused: ${it.message}" }))
        }
    }
}

private fun call(model: MobileBert, call: JSONObject): Any {
    val text = call.optString("text")
    val pair = if (call.has("pair")) call.getString("pair") else null
    return when (call.getString("call")) {
        "classify" -> json(model.classify(text, pair))
        "labels" -> array(model.labels(text, pair), ::json)
        "score" -> model.score(text, pair).toDouble()
        "embed" -> array(model.embed(text).toList()) { it.toDouble() }
        "words" -> json(model.words(text))
        "answer" -> json(model.answer(text, pair!!))
        "threads" -> inThreads(model, call.getJSONArray("texts"))
        else -> error("There is no such call.")
    }
}

private fun inThreads(model: MobileBert, texts: JSONArray): JSONArray {
    val found = arrayOfNulls<JSONObject>(texts.length())
    List(THREADS) { number ->
        thread {
            for (i in number until found.size step THREADS) {
                found[i] = json(model.classify(texts.getString(i)))
            }
        }
    }.forEach { it.join() }
    return array(found.toList()) { it!! }
}

private fun <T> array(items: List<T>, item: (T) -> Any): JSONArray =
    JSONArray().apply { items.forEach { put(item(it)) } }

private fun json(label: Label) = JSONObject()
    .put("label", label.label).put("probability", label.probability.toDouble())
    .put("truncated", label.truncated)

private fun json(word: LabelledWord) = JSONObject()
    .put("text", word.text).put("start", word.start).put("end", word.end)
    .put("label", word.label).put("probability", word.probability.toDouble())

private fun json(text: LabelledText) = JSONObject()
    .put("words", array(text.words, ::json)).put("entities", array(text.entities, ::json))
    .put("truncated", text.truncated)

private fun json(answer: Answer) = JSONObject()
    .put("text", answer.text).put("start", answer.start ?: JSONObject.NULL)
    .put("end", answer.end ?: JSONObject.NULL).put("score", answer.score)
    .put("null_odds", answer.nullOdds).put("truncated", answer.truncated)
