// places.cpp - where the store and the volatile state are.

#include "image/places.h"

#include <linux/magic.h>
#include <unistd.h>

#include <cstdlib>

#include "base/fs.h"
#include "base/log.h"
#include "base/path.h"
#include "base/process.h"
#include "base/str.h"
#include "base/string.h"
#include "base/sys.h"
#include "image/settings.h"

namespace kist::image {

namespace {

constexpr const char* kSettings = "/etc/kist.conf";
constexpr const char* kStateLink = "state";  // in the store
constexpr size_t kMaxSettings = 64 << 10;

String environment(const char* name)
{
    const char* value = ::getenv(name);
    return value ? value : "";
}

// XDG's variables count only when absolute (Base Directory Specification, "Environment variables").
String xdg(const char* name)
{
    String value = environment(name);
    return value.starts_with('/') ? value : "";
}

// A directory that nobody else can write to or has put there for us.
Result<void> check_private(const Fd& directory, const String& path)
{
    struct stat facts = TRY(sys::stat(directory));
    if (facts.st_uid == ::geteuid() && (facts.st_mode & 07777) == 0700)
        return {};
    return Error(EPERM, "%s is not a private directory of user %u (mode 0700)", path.c_str(),
                 static_cast<unsigned>(::geteuid()))
        .with_hint("remove it, or choose another state directory with --state");
}

// In /tmp anybody may have made the name before us: it must be ours, and no link.
Result<String> state_in_tmp()
{
    String path = str::format("/tmp/kist-%u", static_cast<unsigned>(::geteuid()));
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

bool is_ours(const String& path)
{
    auto facts = sys::stat_at(sys::borrow(AT_FDCWD), path);
    return facts && S_ISDIR(facts->st_mode) && facts->st_uid == ::geteuid();
}

// Nobody else's, nor a link that somebody has put there since.
bool is_state(const String& path)
{
    return is_ours(path) && is_ours(path::join(path, "locks"));
}

Result<String> usual_root()
{
    if (::geteuid() == 0)
        return String("/var/lib/kist");
    String data = xdg("XDG_DATA_HOME");
    if (!data.empty())
        return path::join(data, "kist");
    String home = xdg("HOME");
    if (home.empty())
        return Error(ENOENT, "no place for images: HOME is not set")
            .with_hint("set HOME, or say where with --root, KIST_ROOT or \"root = PATH\" in " +
                       String(kSettings));
    return path::join(home, ".local/share/kist");
}

// Of another user's environment, say of cron's, containers would look dead that run.
Result<String> usual_state(const String& root)
{
    auto known = sys::readlink_at(sys::borrow(AT_FDCWD), path::join(root, kStateLink));
    if (known && is_ours(root) && is_state(*known))
        return known;
    if (::geteuid() == 0)
        return String("/run/kist");
    String runtime = xdg("XDG_RUNTIME_DIR");
    if (runtime.empty() || !is_ours(runtime))
        runtime = str::format("/run/user/%u", static_cast<unsigned>(::geteuid()));
    if (is_ours(runtime))
        return path::join(runtime, "kist");
    return state_in_tmp();
}

Result<String> absolute(const String& path)
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
String first_of(const String& flag, const char* variable, const String& setting)
{
    if (!flag.empty())
        return flag;
    String value = environment(variable);
    return value.empty() ? setting : value;
}

// What holds for this boot only must go with it, or a container looks alive that is not.  A state
// directory that cannot be made is an error of those who use it: `kist images` does not.
void warn_unless_volatile(const String& state)
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

void keep_state(const Fd& store, const String& state)
{
    auto known = sys::readlink_at(store, kStateLink);
    if (known && (*known == state || is_state(*known)))
        return;
    if (known)
        (void)sys::unlink_at(store, kStateLink);
    (void)sys::symlink_at(state, store, kStateLink);
}

bool first_time(const String& state, const char* what)
{
    auto locks = sys::open(state + "/locks", O_RDONLY | O_DIRECTORY);
    if (!locks)
        return true;
    String name = String(".said-") + what;
    if (process::is_marked(*locks, name))
        return false;
    (void)process::mark(*locks, name);
    return true;
}

Result<Places> parse_settings(std::string_view text, unsigned user)
{
    const struct {
        std::string_view name;
        String Places::*member;
    } kKeys[] = {{"root", &Places::root}, {"state", &Places::state}};

    Places found;
    for (int line = 1; !text.empty(); line++) {
        std::string_view value = str::trim(str::cut(text, '\n'));
        if (value.empty() || value.starts_with('#'))
            continue;
        bool assigns = value.find('=') != value.npos;
        String name(str::trim(str::cut(value, '=')));
        String path(str::trim(value));

        String Places::*member = nullptr;
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

Result<Places> find_places(const String& root, const String& state)
{
    Places settings = TRY(settings_file());
    Places places;
    places.root = first_of(root, "KIST_ROOT", settings.root);
    places.state = first_of(state, "KIST_STATE", settings.state);
    if (places.root.empty())
        places.root = TRY(usual_root());
    if (places.state.empty())
        places.state = TRY(usual_state(places.root));
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
