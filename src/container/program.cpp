// program.cpp - which file a container's program is.

#include "container/program.h"

#include <sys/stat.h>

#include <cstring>
#include <string_view>

#include "base/path.h"
#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"

namespace kist::container {

namespace {

std::string_view path_of(const Vector<String>& env)
{
    for (std::string_view variable : env)
        if (variable.starts_with("PATH="))
            return variable.substr(5);
    return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

}  // namespace

Result<String> find_program(const String& name, const Vector<String>& env)
{
    if (name.find('/') != name.npos)
        return name;  // execve(2) says what is wrong with it

    bool seen = false;
    for (std::string_view rest = path_of(env); !rest.empty();) {
        std::string_view directory = str::cut(rest, ':');
        String path = path::join(directory.empty() ? "." : directory, name);
        struct stat facts;
        if (::stat(path.c_str(), &facts) < 0 || S_ISDIR(facts.st_mode))
            continue;
        if (facts.st_mode & 0111)
            return path;
        seen = true;
    }
    if (seen)
        return Error(kProgramUnusable, "\"%s\" in the container's PATH is not executable",
                     name.c_str());
    return Error(kProgramMissing, "no program \"%s\" in the container's PATH", name.c_str());
}

Error program_error(const String& path, int code)
{
    if (code == ENOENT) {
        struct stat facts;
        if (::stat(path.c_str(), &facts) < 0)
            return Error(kProgramMissing, "no program \"%s\" in the container", path.c_str());
        return Error(kProgramMissing,
                     "cannot execute \"%s\": the interpreter that it names is not there",
                     path.c_str());
    }
    if (code == ENOEXEC)
        return Error(kProgramUnusable,
                     "cannot execute \"%s\": not a program of this processor, and no script that "
                     "names its interpreter",
                     path.c_str());
    return Error(kProgramUnusable, "cannot execute \"%s\": %s", path.c_str(), strerror(code));
}

}  // namespace kist::container
