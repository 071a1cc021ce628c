// settings.h - the text of /etc/kist.conf; for places.cpp and its tests.
//
//     # comment
//     root = /data/kist/%U
//     state = /run/kist
//
// "%U" becomes the user's id, so that one line serves root and ordinary users.

#pragma once

#include <string_view>

#include "image/places.h"

namespace kist::image {

// Members that are not set stay empty.  EINVAL names the line.
Result<Places> parse_settings(std::string_view text, unsigned user);

}  // namespace kist::image
