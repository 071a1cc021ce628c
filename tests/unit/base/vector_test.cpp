// vector_test.cpp - base/vector.h

#include "base/vector.h"

#include <gtest/gtest.h>

#include <memory>

#include "base/fd.h"
#include "base/string.h"
#include "check.h"

namespace kist {
namespace {

struct Pair {
    String name;
    int value = 7;
    bool operator==(const Pair&) const = default;
};

TEST(Vector, GrowsWithEveryKindOfElement)
{
    Vector<int> numbers;
    Vector<String> texts;
    Vector<Pair> pairs;
    Vector<std::unique_ptr<int>> owned;
    for (int i = 0; i < 100; i++) {
        numbers.push_back(i);
        texts.push_back(test::to_text(i));
        pairs.push_back({test::to_text(i), i});
        owned.push_back(std::make_unique<int>(i));
    }
    EXPECT_EQ(numbers.size(), 100U);
    EXPECT_EQ(numbers[99], 99);
    EXPECT_EQ(texts[42], "42");
    EXPECT_EQ(pairs.back().name, "99");
    EXPECT_EQ(*owned[50], 50);
}

TEST(Vector, TakesItsOwnElements)
{
    Vector<String> texts = {"first"};
    Vector<int> numbers = {1};
    for (int i = 0; i < 20; i++) {
        texts.push_back(texts.front());
        numbers.push_back(numbers.front());
    }
    EXPECT_EQ(texts.back(), "first");
    EXPECT_EQ(numbers.back(), 1);
}

TEST(Vector, InsertsAndErases)
{
    Vector<String> texts = {"a", "d"};
    texts.insert(texts.begin() + 1, "b");
    const char* more[] = {"c", "c2"};
    texts.insert(texts.begin() + 2, std::begin(more), std::end(more));
    EXPECT_EQ(texts, (Vector<String>{"a", "b", "c", "c2", "d"}));
    EXPECT_EQ(*texts.erase(texts.begin()), "b");
    texts.erase(texts.begin() + 1, texts.begin() + 3);
    EXPECT_EQ(texts, (Vector<String>{"b", "d"}));
    EXPECT_EQ(texts.erase(texts.end(), texts.end()), texts.end());
    erase_if(texts, [](const String& each) { return each == "b"; });
    EXPECT_EQ(texts, (Vector<String>{"d"}));
    Vector<char> bytes;
    constexpr char kMore[] = {'x', 'y', 'z'};
    bytes.insert(bytes.end(), kMore, kMore + 3);
    bytes.insert(bytes.begin(), 'w');
    EXPECT_EQ(bytes, (Vector<char>{'w', 'x', 'y', 'z'}));
}

TEST(Vector, ResizesWithFreshElements)
{
    Vector<Pair> pairs(2);
    EXPECT_EQ(pairs[1].value, 7);
    pairs.resize(3);
    EXPECT_EQ(pairs[2].value, 7);
    pairs.resize(1);
    EXPECT_EQ(pairs.size(), 1U);
    Vector<int> numbers = {5, 6};
    numbers.resize(1);
    numbers.resize(3);
    EXPECT_EQ(numbers, (Vector<int>{5, 0, 0}));
    numbers.resize(0);
    EXPECT_TRUE(numbers.empty());
}

TEST(Vector, CopiesAreItsOwn)
{
    Vector<String> texts = {"a", "b"};
    Vector<String> copy = texts;
    copy[0] = "c";
    EXPECT_EQ(texts[0], "a");
    texts = copy;
    EXPECT_EQ(texts[0], "c");
    copy = std::move(texts);
    EXPECT_TRUE(texts.empty());
    copy = {};
    EXPECT_TRUE(copy.empty());
}

Result<Vector<String>> words_or_error(bool good)
{
    if (!good)
        return Error(EIO, "no words");
    return Vector<String>{"a", "b"};
}

TEST(Vector, LendsAResultTheRoomForItsError)
{
    EXPECT_EQ(sizeof(Result<Vector<String>>), sizeof(Vector<String>));
    EXPECT_EQ(words_or_error(true)->size(), 2U);
    auto refused = words_or_error(false);
    EXPECT_ERROR(refused, EIO, "no words");
    refused = words_or_error(true);
    EXPECT_EQ(refused->back(), "b");
}

}  // namespace
}  // namespace kist
