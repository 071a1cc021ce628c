// temporary.h - a directory for one test, gone when it ends.

#pragma once

#include <cstdlib>

#include "base/fs.h"
#include "base/string.h"

namespace kist::test {

class TemporaryDirectory {
public:
    TemporaryDirectory()
    {
        String name = "/tmp/kist-test-XXXXXX";
        if (!::mkdtemp(name.data()))
            abort();
        path_ = name;
        fd_ = sys::open(path_, O_RDONLY | O_DIRECTORY).take();
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory() { (void)fs::remove_tree(sys::borrow(AT_FDCWD), path_); }

    const String& path() const { return path_; }
    const Fd& fd() const { return fd_; }

private:
    String path_;
    Fd fd_;
};

}  // namespace kist::test
