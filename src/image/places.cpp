// places.cpp - where the store and the volatile state are.

#include "image/places.h"

#include <linux/magic.h>
#include <unistd.h>

#include <cstdlib>

#include "base/fs.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "image/settings.h"

namespace kist::image {

namespace {

constexpr const char* kSettings = "/etc/kist.conf";
constexpr size_t kMaxSettings = 64 << 10;

std::string environment(const char* name)
{
    const char* value = ::getenv(name);
    return value ? value : "";
}

// XDG's variables count only when absolute (Base Directory Specification, "Environment variables").
std::string xdg(const char* name)
{
    std::string value = environment(name);
    return value.starts_with('/') ? value : "";
}

// A directory that nobody else can write to or has put there for us.
Result<void> check_private(const Fd& directory, const std::string& path)
{
    struct stat facts = TRY(sys::stat(directory));
    if (facts.st_uid == ::geteuid() && (facts.st_mode & 07777) == 0700)
        return {};
    return Error(EPERM, "%s is not a private directory of user %u (mode 0700)", path.c_str(),
                 static_cast<unsigned>(::geteuid()))
        .with_hint("remove it, or choose another state directory with --state");
}

// In /tmp anybody may have made the name before us: it must be ours, and no link.
Result<std::string> state_in_tmp()
{
    std::string path = str::format("/tmp/kist-%u", static_cast<unsigned>(::geteuid()));
    auto here = sys::borrow(AT_FDCWD);
    auto made = sys::mkdir_at(here, path, 0700);
    if (!made && !made.error().is(EEXIST))
        return std::move(made).error().context("cannot make a state directory");
    auto opened = sys::open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!opened)
        return Error(EPERM, "%s is not a directory of ours", path.c_str())
            .with_hint("remove it, or choose another state directory with --state");
    TRY(check_private(*opened, path));
    return path;
}

bool is_ours(const std::string& path)
{
    auto facts = sys::stat_at(sys::borrow(AT_FDCWD), path);
    return facts && S_ISDIR(facts->st_mode) && facts->st_uid == ::geteuid();
}

Result<std::string> usual_root()
{
    if (::geteuid() == 0)
        return std::string("/var/lib/kist");
    std::string data = xdg("XDG_DATA_HOME");
    if (!data.empty())
        return path::join(data, "kist");
    std::string home = xdg("HOME");
    if (home.empty())
        return Error(ENOENT, "no place for images: HOME is not set")
            .with_hint("set HOME, or say where with --root, KIST_ROOT or \"root = PATH\" in " +
                       std::string(kSettings));
    return path::join(home, ".local/share/kist");
}

Result<std::string> usual_state()
{
    if (::geteuid() == 0)
        return std::string("/run/kist");
    std::string runtime = xdg("XDG_RUNTIME_DIR");
    if (runtime.empty() || !is_ours(runtime))
        runtime = str::format("/run/user/%u", static_cast<unsigned>(::geteuid()));
    if (is_ours(runtime))
        return path::join(runtime, "kist");
    return state_in_tmp();
}

Result<std::string> absolute(const std::string& path)
{
    if (path.starts_with('/'))
        return path::clean(path);
    char buffer[4096];
    if (!::getcwd(buffer, sizeof buffer))
        return os_error("getcwd");
    // Not cleaned: behind a link, ".." is not what the text says.
    return path::join(buffer, path);
}

Result<Places> settings_file()
{
    auto text = fs::read_path(kSettings, kMaxSettings);
    if (!text && text.error().is(ENOENT))
        return Places();
    if (!text)
        return std::move(text).error().context("cannot read %s", kSettings);
    return parse_settings(*text, ::geteuid());
}

// What was said, in the order of who is heard first.
std::string first_of(const std::string& flag, const char* variable, const std::string& setting)
{
    if (!flag.empty())
        return flag;
    std::string value = environment(variable);
    return value.empty() ? setting : value;
}

// What holds for this boot only must go with it, or a container looks alive that is not.  A state
// directory that cannot be made is an error of those who use it: `kist images` does not.
void warn_unless_volatile(const std::string& state)
{
    auto directory = fs::make_directories(state, 0700);
    if (!directory || fs::is_on(*directory, TMPFS_MAGIC) || fs::is_on(*directory, RAMFS_MAGIC) ||
        !first_time(state, "place"))
        return;
    log::warn(
        "the state directory %s is not on a tmpfs; after a reboot what is left in it may mislead",
        state.c_str());
}

}  // namespace

bool first_time(const std::string& state, const char* what)
{
    auto made = sys::open(str::format("%s/locks/.said-%s", state.c_str(), what),
                          O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    return made || !made.error().is(EEXIST);
}

Result<Places> parse_settings(std::string_view text, unsigned user)
{
    const struct {
        std::string_view name;
        std::string Places::*member;
    } kKeys[] = {{"root", &Places::root}, {"state", &Places::state}};

    Places found;
    for (int line = 1; !text.empty(); line++) {
        std::string_view value = str::trim(str::cut(text, '\n'));
        if (value.empty() || value.starts_with('#'))
            continue;
        bool assigns = value.find('=') != value.npos;
        std::string name(str::trim(str::cut(value, '=')));
        std::string path(str::trim(value));

        std::string Places::*member = nullptr;
        for (auto& key : kKeys)
            if (key.name == name)
                member = key.member;
        if (!member)
            return Error(EINVAL, "%s, line %d: unknown setting \"%s\"", kSettings, line,
                         name.c_str())
                .with_hint("the settings are: root = PATH, state = PATH");
        if (!assigns || !path.starts_with('/'))
            return Error(EINVAL, "%s, line %d: %s needs an absolute path", kSettings, line,
                         name.c_str());
        if (size_t mark = path.find("%U"); mark != path.npos)
            path.replace(mark, 2, str::format("%u", user));
        found.*member = path;
    }
    return found;
}

Result<Places> find_places(const std::string& root, const std::string& state)
{
    Places settings = TRY(settings_file());
    Places places;
    places.root = first_of(root, "KIST_ROOT", settings.root);
    places.state = first_of(state, "KIST_STATE", settings.state);
    if (places.root.empty())
        places.root = TRY(usual_root());
    if (places.state.empty())
        places.state = TRY(usual_state());
    places.root = TRY(absolute(places.root));
    places.state = TRY(absolute(places.state));
    if (places.state.starts_with("/tmp/kist-")) {
        // However it was named: the rule for the name in /tmp holds.
        auto directory = sys::open(places.state, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        if (directory)
            TRY(check_private(*directory, places.state));
    }
    warn_unless_volatile(places.state);
    return places;
}

}  // namespace kist::image
