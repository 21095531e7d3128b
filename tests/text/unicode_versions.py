# Copyright 2026 The mobilebert_tf Authors. All Rights Reserved.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""Characters that Unicode has had since version 14."""

# Since Unicode 14 there are these letters, marks and punctuation. Of the
# libraries, some know all, some none.
NEWER = ''.join(chr(code) for first, last in (
    (0xece, 0xece), (0x1b4e, 0x1b4f), (0x1b7f, 0x1b7f), (0x2c2f, 0x2c2f),
    (0xa7c0, 0xa7c0), (0xa7d0, 0xa7d8), (0x10570, 0x10595),
    (0x105c9, 0x105e4), (0x10d6e, 0x10d6e), (0x10efd, 0x10eff),
    (0x11241, 0x11241), (0x11383, 0x113d8), (0x11b00, 0x11b09),
    (0x11be1, 0x11be1), (0x11f00, 0x11f4f), (0x13439, 0x13455),
    (0x16121, 0x16128), (0x16d68, 0x16d6f), (0x1e08f, 0x1e08f),
    (0x1e4ec, 0x1e4ef), (0x1e5ff, 0x1e5ff)) for code in range(first, last + 1))
