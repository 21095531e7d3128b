// Copyright 2026 The mobilebert_tf Authors
// SPDX-License-Identifier: Apache-2.0

// The functions of mobilebert_text.h that MobileBert.kt calls.

#include <jni.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "mobilebert_text.h"

namespace {

// The characters of a string, in UTF-16, as long as it lives.
class Text {
 public:
  Text(JNIEnv* env, jstring value)
      : env_(env),
        value_(value),
        data_(value ? env->GetStringChars(value, nullptr) : nullptr),
        text_{data_, data_ ? size_t(env->GetStringLength(value)) : 0,
              MBT_UTF16} {}
  ~Text() {
    if (data_) env_->ReleaseStringChars(value_, data_);
  }
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;

  MbtText get() const { return text_; }
  // Null without a string.
  const MbtText* pointer() const { return data_ ? &text_ : nullptr; }

 private:
  JNIEnv* const env_;
  const jstring value_;
  const jchar* const data_;
  const MbtText text_;
};

const MbtReader* Reader(jlong handle) {
  return reinterpret_cast<MbtReader*>(handle);
}

MbtRequest* Request(jlong handle) {
  return reinterpret_cast<MbtRequest*>(handle);
}

template <typename Pointer>
jlong Handle(Pointer* pointer) {
  return reinterpret_cast<jlong>(pointer);
}

void SetInts(JNIEnv* env, jintArray array, const std::vector<int32_t>& from) {
  env->SetIntArrayRegion(array, 0, jsize(from.size()), from.data());
}

std::vector<float> Floats(JNIEnv* env, jfloatArray array) {
  std::vector<float> found(env->GetArrayLength(array));
  env->GetFloatArrayRegion(array, 0, jsize(found.size()), found.data());
  return found;
}

// Returns start, end, label and probability of each word or entity.
template <typename Item>
jdoubleArray Items(JNIEnv* env, MbtRequest* request, size_t count,
                   Item (*item)(const MbtRequest*, size_t)) {
  std::vector<jdouble> found;
  for (size_t i = 0; i < count; ++i) {
    const Item each = item(request, i);
    found.insert(found.end(), {jdouble(each.start), jdouble(each.end),
                               jdouble(each.label), each.probability});
  }
  jdoubleArray array = env->NewDoubleArray(jsize(found.size()));
  if (array) {
    env->SetDoubleArrayRegion(array, 0, jsize(found.size()), found.data());
  }
  return array;
}

}  // namespace

#define NATIVE(type, name) \
  extern "C" JNIEXPORT type JNICALL Java_mobilebert_Native_##name

NATIVE(jlong, open)
(JNIEnv* env, jclass, jstring vocabulary, jstring labels, jintArray numbers,
 jdouble null_threshold) {
  jint n[9] = {};
  env->GetIntArrayRegion(
      numbers, 0, std::min<jsize>(9, env->GetArrayLength(numbers)), n);
  const MbtSettings settings = {MbtCase(n[0]), n[1], n[2],      n[3], n[4],
                                n[5],          n[6], n[7],      n[8] != 0,
                                null_threshold};
  char error[200] = "";
  const MbtReader* reader =
      mbt_open(Text(env, vocabulary).get(), Text(env, labels).pointer(),
               &settings, error, sizeof error);
  if (!reader) {
    env->ThrowNew(env->FindClass("java/lang/IllegalArgumentException"), error);
  }
  return Handle(reader);
}

NATIVE(void, close)(JNIEnv*, jclass, jlong reader) {
  mbt_close(reinterpret_cast<MbtReader*>(reader));
}

NATIVE(jlong, request)
(JNIEnv* env, jclass, jlong reader, jstring text, jstring pair) {
  return Handle(mbt_request(Reader(reader), Text(env, text).get(),
                            Text(env, pair).pointer()));
}

NATIVE(jlong, requestWords)
(JNIEnv* env, jclass, jlong reader, jstring text) {
  return Handle(mbt_request_words(Reader(reader), Text(env, text).get()));
}

NATIVE(jlong, requestAnswer)
(JNIEnv* env, jclass, jlong reader, jstring question, jstring context) {
  return Handle(mbt_request_answer(Reader(reader), Text(env, question).get(),
                                   Text(env, context).get()));
}

NATIVE(void, free)(JNIEnv*, jclass, jlong request) {
  mbt_free(Request(request));
}

NATIVE(jint, rowCount)(JNIEnv*, jclass, jlong request) {
  return jint(mbt_row_count(Request(request)));
}

NATIVE(jint, rowLength)(JNIEnv*, jclass, jlong request, jint row) {
  return jint(mbt_row_length(Request(request), row));
}

NATIVE(void, fill)
(JNIEnv* env, jclass, jlong request, jint row, jintArray ids, jintArray mask,
 jintArray types) {
  const size_t length = env->GetArrayLength(ids);
  std::vector<int32_t> rows[3] = {std::vector<int32_t>(length),
                                  std::vector<int32_t>(length),
                                  std::vector<int32_t>(length)};
  mbt_fill(Request(request), row, length, rows[0].data(), rows[1].data(),
           rows[2].data());
  SetInts(env, ids, rows[0]);
  SetInts(env, mask, rows[1]);
  SetInts(env, types, rows[2]);
}

NATIVE(jboolean, truncated)(JNIEnv*, jclass, jlong request) {
  return mbt_truncated(Request(request));
}

NATIVE(jboolean, addProbabilities)
(JNIEnv* env, jclass, jlong request, jint row, jfloatArray probabilities,
 jint labels) {
  const std::vector<float> found = Floats(env, probabilities);
  const size_t needed = mbt_row_length(Request(request), row) * labels;
  return found.size() >= needed &&
         mbt_add_probabilities(Request(request), row, found.data(), labels);
}

NATIVE(jdoubleArray, words)(JNIEnv* env, jclass, jlong request) {
  return Items(env, Request(request), mbt_word_count(Request(request)),
               mbt_word);
}

NATIVE(jdoubleArray, entities)(JNIEnv* env, jclass, jlong request) {
  return Items(env, Request(request), mbt_entity_count(Request(request)),
               mbt_entity);
}

NATIVE(jboolean, addLogits)
(JNIEnv* env, jclass, jlong request, jint row, jfloatArray start_logits,
 jfloatArray end_logits) {
  const std::vector<float> starts = Floats(env, start_logits);
  const std::vector<float> ends = Floats(env, end_logits);
  const size_t needed = mbt_row_length(Request(request), row);
  return std::min(starts.size(), ends.size()) >= needed &&
         mbt_add_logits(Request(request), row, starts.data(), ends.data());
}

// Returns whether there is an answer, start, end, score and null odds.
NATIVE(jdoubleArray, answer)(JNIEnv* env, jclass, jlong request) {
  const MbtAnswer found = mbt_answer(Request(request));
  const jdouble numbers[] = {jdouble(found.found), jdouble(found.start),
                             jdouble(found.end), found.score, found.null_odds};
  jdoubleArray array = env->NewDoubleArray(5);
  if (array) env->SetDoubleArrayRegion(array, 0, 5, numbers);
  return array;
}
