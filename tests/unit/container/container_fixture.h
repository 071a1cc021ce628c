// container_fixture.h - files, and containers run from a store with one busybox layer.

#pragma once

#include <grp.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "base/path.h"
#include "base/process.h"
#include "base/string.h"
#include "check.h"
#include "container/launch.h"
#include "temporary.h"

namespace kist::test {

// Writes the file `name` below the directory, whose parents are made.
inline void write_file(const String& top, const String& name, std::string_view contents,
                       mode_t mode = 0644)
{
    String path = top + "/" + name;
    ASSERT_TRUE(is_ok(fs::make_directories(String(path::directory(path)))));
    auto file = sys::open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
    ASSERT_TRUE(is_ok(file));
    ASSERT_TRUE(is_ok(sys::write_all(*file, contents)));
    ASSERT_EQ(::fchmod(file->get(), mode), 0);
}

// What a container said and how it ended.
struct Ran {
    int code = -1;
    String output;  // both streams, or the error's words
};

// A store in a temporary directory, owned by `user`, and containers run by that user.
class TestStore {
public:
    explicit TestStore(uid_t user = 0) : user_(user)
    {
        places_ = {directory_.path() + "/store", directory_.path() + "/state"};
        String tree = places_.root + "/layers/1/tree";
        for (const char* made : {"/tmp", "/home/app", "/bin"})
            EXPECT_OK(fs::make_directories(tree + made));
        EXPECT_OK(fs::make_directories(places_.state));
        write_file(tree, "etc/passwd", "root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/home/app:\n");
        write_file(tree, "etc/group", "root:x:0:\nvideo:x:44:app\napp:x:1000:\n");
        auto busybox = fs::read_path("/bin/busybox", 8 << 20);
        if (busybox)
            write_file(tree, "bin/busybox", *busybox, 0755);
        EXPECT_EQ(::chmod((tree + "/tmp").c_str(), 01777), 0);
        for (const char* name :
             {"cat", "chown", "echo", "grep", "hostname", "id", "ls", "ps", "pwd", "readlink", "sh",
              "sleep", "stat", "touch", "true", "tty", "wc", "kill", "mkdir"})
            EXPECT_EQ(::symlink("busybox", (tree + "/bin/" + name).c_str()), 0);
        give(directory_.path());
    }

    // Whether containers can be run here at all.
    static bool can_run() { return ::geteuid() == 0 && ::access("/bin/busybox", X_OK) == 0; }

    const image::Places& places() const { return places_; }
    String layer(unsigned number) const
    {
        return places_.root + str::format("/layers/%u/tree", number);
    }
    // A Spec that runs `command` in sh.
    container::Spec spec(const String& command) const
    {
        container::Spec spec;
        static int count = 0;
        spec.id = str::format("%064x", ++count);
        spec.layers = {1};
        spec.remove = true;
        spec.argv = {"sh", "-c", command};
        spec.env = {"PATH=/bin"};
        spec.workdir = "/";
        spec.hostname = "box";
        spec.capabilities = container::default_capabilities();
        return spec;
    }
    // Runs it as the store's user, in a process of its own.
    Ran run(const container::Spec& spec, bool kill = false) const
    {
        sys::Pipe pipe = sys::pipe().take();
        pid_t child = ::fork();
        if (child == 0) {
            pipe.reader.close();
            _exit(become_and_run(spec, pipe.writer));
        }
        pipe.writer.close();
        Ran ran;
        pollfd said = {pipe.reader.get(), POLLIN, 0};
        if (kill && ::poll(&said, 1, 10000) == 1)
            ::kill(child, SIGKILL);
        // Ends when nobody holds the other end any more, the container included.
        ran.output = sys::read_all(pipe.reader, 1 << 20).take();
        ran.code = process::wait(child).take();
        return ran;
    }
    // The same, but the monitor is killed (SIGKILL) once the container has said something.
    Ran run_killed(const container::Spec& spec) const { return run(spec, true); }
    Ran run(const String& command) const { return run(spec(command)); }

    // Everything below `path` to the store's user.
    void give(const String& path) const
    {
        struct stat facts;
        if (user_ == 0 || ::lchown(path.c_str(), user_, user_) < 0 ||
            ::lstat(path.c_str(), &facts) < 0 || !S_ISDIR(facts.st_mode))
            return;
        Fd directory = sys::open(path, O_RDONLY | O_DIRECTORY).take();
        for (const String& name : fs::list(directory).take())
            give(path + "/" + name);
    }

private:
    static Result<int> start_and_wait(const container::LaunchOptions& options)
    {
        container::Launched launched = TRY(container::launch(options));
        if (launched.console) {
            char buffer[4096];
            ssize_t got;
            pollfd ready = {launched.console->get(), POLLIN, 0};  // the master does not block
            while (::poll(&ready, 1, -1) > 0 && (got = ::read(ready.fd, buffer, sizeof buffer)) > 0)
                if (::write(options.stdio[1], buffer, size_t(got)) < 0)
                    break;
        }
        return process::wait(launched.pid);
    }

    Result<int> run_here(const container::Spec& spec, const Fd& output) const
    {
        container::OuterNamespace outer = TRY(container::choose_outer());
        Fd store = TRY(sys::open(places_.root, O_RDONLY | O_DIRECTORY));
        Fd own = TRY(fs::make_directories(places_.root + "/containers/" + spec.id));
        Fd run = TRY(fs::make_directories(places_.state + "/run/" + spec.id));
        Fd null = TRY(sys::open("/dev/null", O_RDONLY));
        container::LaunchOptions options = {
            .spec = spec,
            .places = places_,
            .outer = outer,
            .store = store,
            .volatile_directory = run,
            .cgroup = nullptr,
            .stdio = {null.get(), output.get(), output.get()},
        };
        auto code = start_and_wait(options);
        TRY(container::clean_up(places_, outer, spec.id, true));
        if (auto left = fs::list(own); left && !left->empty())
            return Error(ENOTEMPTY, "left behind: %s", left->front().c_str());
        return code;
    }

    int become_and_run(const container::Spec& spec, const Fd& output) const
    {
        // Warnings are no part of what a test looks at.
        (void)::dup2(sys::open("/dev/null", O_WRONLY).take().release(), 2);
        if (user_ && (::setgroups(0, nullptr) < 0 || ::setresgid(user_, user_, user_) < 0 ||
                      ::setresuid(user_, user_, user_) < 0))
            return 99;
        auto code = run_here(spec, output);
        if (code)
            return *code;
        (void)sys::write_all(output, code.error().message());
        return container::exit_code_for(code.error());
    }

    uid_t user_;
    TemporaryDirectory directory_;
    image::Places places_;
};

}  // namespace kist::test
