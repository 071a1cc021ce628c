// check.h - what the unit tests say about Results.

#pragma once

#include <gtest/gtest.h>

#include "base/result.h"
#include "base/string.h"

namespace kist {

inline std::ostream& operator<<(std::ostream& out, const String& text)
{
    return out << std::string_view(text);
}

// "a\0b"_s: text with NULs in it.
inline String operator""_s(const char* text, size_t size)
{
    return String(text, size);
}

}  // namespace kist

namespace kist::test {

template <class Number>
String to_text(Number number)
{
    return String(std::to_string(number).c_str());
}

// What was printed since CaptureStdout().
inline String captured()
{
    return String(std::string_view(::testing::internal::GetCapturedStdout()));
}

template <class T>
::testing::AssertionResult is_ok(const Result<T>& result)
{
    if (result)
        return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << result.error().message();
}

template <class T>
::testing::AssertionResult is_error(const Result<T>& result, int code, std::string_view words)
{
    if (result)
        return ::testing::AssertionFailure() << "no error";
    const Error& error = result.error();
    if (!error.is(code))
        return ::testing::AssertionFailure() << "code " << error.code() << ": " << error.message();
    if (error.message().find(words) == String::npos)
        return ::testing::AssertionFailure() << error.message();
    return ::testing::AssertionSuccess();
}

}  // namespace kist::test

#define EXPECT_OK(result) EXPECT_TRUE(::kist::test::is_ok(result))
#define EXPECT_ERROR(result, code, words) EXPECT_TRUE(::kist::test::is_error(result, code, words))

// The value of a Result that must be good; the test ends otherwise.
#define MUST(expression)                                                     \
    (__extension__({                                                         \
        auto must_ = (expression);                                           \
        if (!must_) {                                                        \
            ADD_FAILURE() << #expression << ": " << must_.error().message(); \
            return;                                                          \
        }                                                                    \
        must_.take();                                                        \
    }))
