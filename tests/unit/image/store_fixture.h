// store_fixture.h - an empty store and a registry in memory, for one test.

#pragma once

#include <algorithm>

#include "base/fs.h"
#include "base/path.h"
#include "base/string.h"
#include "base/vector.h"
#include "check.h"
#include "image/fake_repository.h"
#include "image/layout.h"
#include "image/pull_from.h"
#include "image/store.h"
#include "temporary.h"

namespace kist::image::test {

// Sorted, so that it can be compared.
using Names = Vector<String>;

class StoreTest : public ::testing::Test {
protected:
    StoreTest() : store_(Store::open(places(), map()).take()) {}

    Places places() const { return {.root = directory_.path() + "/store", .state = ""}; }
    // The map of whoever runs the tests: owners are applied only by root.
    static StoreMap map()
    {
        if (::geteuid() == 0)
            return {.tier = StoreMap::Tier::root, .text = "root"};
        return {.tier = StoreMap::Tier::single, .text = "single"};
    }
    static registry::Reference reference(const char* text)
    {
        return registry::Reference::parse(text).take();
    }
    Result<Image> pull(const char* name, PullOptions options = {})
    {
        if (!options.platform)
            options.platform = Platform{.architecture = "amd64"};
        return pull_from(store_, repository_, reference(name), options, overlap_);
    }

    // What is in a directory of the store.
    Names in(const String& name) const
    {
        Fd directory = sys::open_at(store_.directory(), name, O_RDONLY | O_DIRECTORY).take();
        Names names = fs::list(directory).take();
        std::sort(names.begin(), names.end());
        return names;
    }
    String contents(const String& path) const
    {
        auto text = fs::read(store_.directory(), path);
        return text ? *text : text.error().message();
    }
    void put(const String& path, const String& text = "x") const
    {
        Fd directory = fs::make_directory(store_.directory(), String(path::directory(path))).take();
        EXPECT_OK(fs::replace(directory, String(path::base(path)), text));
    }
    // Nothing that a failed pull may leave is there.
    void expect_nothing_left() const
    {
        EXPECT_EQ(in("staging"), Names());
        EXPECT_EQ(in("images"), Names());
        EXPECT_EQ(in("references"), Names());
    }

    kist::test::TemporaryDirectory directory_;
    Store store_;
    FakeRepository repository_;
    bool overlap_ = true;
};

}  // namespace kist::image::test
