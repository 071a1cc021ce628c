// fake_cgroups.h - a directory tree that looks like cgroup v2 and the files of /proc that lead to
// it.

#pragma once

#include <unistd.h>

#include "base/str.h"
#include "base/string.h"
#include "check.h"
#include "container/delegation.h"
#include "temporary.h"

namespace kist::test {

class FakeCgroups {
public:
    FakeCgroups()
    {
        write("proc/self/mountinfo",
              str::format("30 1 0:26 / /proc rw - proc proc rw\n"
                          "31 1 0:27 / %s rw,nosuid shared:9 - cgroup2 cgroup2 rw\n",
                          mount().c_str()));
        cgroup("", false);
        be_in("/");
    }

    String mount() const { return temporary_.path() + "/tree"; }
    String root() const { return temporary_.path(); }

    void write(const String& path, const String& text)
    {
        String whole = root() + "/" + path;
        (void)fs::make_directories(whole.substr(0, whole.rfind('/')));
        FILE* file = fopen(whole.c_str(), "w");
        ASSERT_NE(file, nullptr) << whole;
        fputs(text.c_str(), file);
        fclose(file);
    }
    String read(const String& path) const
    {
        auto text = fs::read_path(root() + "/" + path);
        return text ? *text : "(" + text.error().message() + ")";
    }

    // A cgroup at `path` below the mount, with the files of one.
    void cgroup(const String& path, bool has_type = true,
                const String& controllers = "cpuset cpu io memory pids\n",
                const String& handed_down = "")
    {
        String at = "tree" + path + "/";
        write(at + "cgroup.controllers", controllers);
        write(at + "cgroup.subtree_control", handed_down);
        write(at + "cgroup.procs", "");
        if (has_type)
            write(at + "cgroup.type", "domain\n");
    }
    void be_in(const String& path) { write("proc/self/cgroup", "0::" + path + "\n"); }

    Result<container::Delegation> find() const { return container::find_delegation(root()); }

private:
    TemporaryDirectory temporary_;
};

}  // namespace kist::test
