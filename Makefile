# Every target installs the Debian packages it needs when they are missing, and says so.

BUILD_PACKAGES := libmnl-dev libnftnl-dev libyaml-dev pkg-config
RUN_PACKAGES := nftables iproute2 util-linux
TEST_PACKAGES := conntrack curl openssl openssh-server openssh-client sudo iptables arptables ebtables systemd python3-yaml python3-jsonschema
CONTAINER_PACKAGES := docker.io podman netavark busybox-static iptables
BOOT_PACKAGES := qemu-system-x86 debootstrap
ANSIBLE_PACKAGES := ansible-core openssh-server openssh-client
REPORT_PACKAGES := chromium python3-venv
MANUAL_PACKAGES := python3 lowdown
DEB_PACKAGES := dpkg-dev fakeroot

PREFIX ?= /usr/local
INTO = $(DESTDIR)$(PREFIX)
ZSH_COMPLETIONS ?= share/zsh/site-functions

# One file to copy, which needs libmnl and libnftnl of the system: the Swift runtime, the C++ library it uses and
# libyaml are linked in. The linker takes libstdc++.a because it is the only one in the first directory it looks
# into, and is told to take libyaml.a. Nothing loads symbols from the binary, so that it exports none, packed relocations
# need glibc 2.36 (Debian 12), and what nothing in it needs is left out, of our own and of the toolchain's
# (packaging/collectable): together a fifth of its size. Functions whose code is the same become one: only who
# compares functions or key paths would notice, and nothing in it does. no-unwind.ld says what else is left out.
# Builds with other flags than these go elsewhere: in one place each would undo the other.
STATIC_BUILD := .build/static
RELEASED := $(STATIC_BUILD)/release/sekisho
MANUAL := .build/manual
# What each build says it was built of, with a mark where the working tree has changes; empty outside of a repository.
export SEKISHO_REVISION := $(shell git describe --always --dirty --exclude='*' 2>/dev/null)
STATIC_LIBRARIES := $(CURDIR)/$(STATIC_BUILD)/libraries
COLLECTABLE := swiftCore swift_Concurrency swift_RegexParser swift_StringProcessing FoundationEssentials \
	_FoundationCollections
STATIC := --scratch-path $(STATIC_BUILD) -c release --static-swift-stdlib --disable-local-rpath \
	-Xlinker -s -Xlinker -z -Xlinker now \
	-Xswiftc -Xfrontend -Xswiftc -internalize-at-link -Xswiftc -Xfrontend -Xswiftc -function-sections \
	-Xlinker --gc-sections -Xlinker --icf=all -Xlinker -z -Xlinker nostart-stop-gc -Xlinker --no-export-dynamic \
	-Xlinker -z -Xlinker pack-relative-relocs -Xswiftc -use-ld=lld \
	-Xlinker --no-eh-frame-hdr -Xlinker -T$(CURDIR)/packaging/no-unwind.ld \
	$(foreach name,$(COLLECTABLE),-Xlinker '--remap-inputs=*/lib$(name).a=$(STATIC_LIBRARIES)/lib$(name).a') \
	-Xlinker '--remap-inputs=*/libyaml.so=$(STATIC_LIBRARIES)/libyaml.a' \
	-Xlinker -L$(STATIC_LIBRARIES) -Xswiftc -Xclang-linker -Xswiftc -static-libgcc

.PHONY: build release test test-containers test-ansible test-pull test-boot test-deb test-report quick soak soak-rollout fuzz lint format golden demo demo-adopt bench
.PHONY: documentation manual install uninstall deb tarball test-library clean
.PHONY: packages run-packages test-packages

build: packages
	swift build

test: test-packages
	swift build --build-tests
	swift test

# Real engines that publish ports, each in namespaces of its own; what cannot run here says so.
test-containers: build run-packages
	@packaging/install-packages $(CONTAINER_PACKAGES)
	Tests/Containers/run "$$(swift build --show-bin-path)/sekisho"

# Ansible, which applies to hosts of a lab over ssh.
test-ansible: build run-packages
	@packaging/install-packages $(ANSIBLE_PACKAGES)
	Tests/Ansible/run "$$(swift build --show-bin-path)/sekisho"

# HOSTS (20) of a lab that pull a signed bundle from an nginx, all at once.
test-pull: build run-packages
	@packaging/install-packages openssh-client
	packaging/adopt-programs .build/adopt
	Tests/Pull/run "$$(swift build --show-bin-path)/sekisho" .build/adopt $(or $(HOSTS),20)

# A Debian 12 that is booted in emulation with what install puts into it: some minutes behind the release.
test-boot: manual
	@packaging/install-packages $(BOOT_PACKAGES)
	$(MAKE) install DESTDIR=$(CURDIR)/.build/boot/tree PREFIX=/usr/local
	Tests/Boot/run .build/boot/tree

# Reports in Chromium (search, keyboard, paper, readers of screens), and alerts by promtool. Not in make test: it needs
# Chromium, and a driver of it and axe from PyPI.
test-report: packages
	@packaging/install-packages $(REPORT_PACKAGES)
	swift build --product sekisho
	swift build --product fleet-files
	Tests/Report/run "$$(swift build --show-bin-path)/sekisho" "$$(swift build --show-bin-path)/fleet-files" .build/evidence

# Changes of a host under traffic for SECONDS (600): nothing allowed may be lost, nothing denied may pass.
SECONDS ?= 600
soak: test-packages
	swift build --build-tests
	SOAK_SECONDS=$(SECONDS) swift test --skip-build --filter SoakTests

# HOSTS (100) that are led through CHANGES (20) of their policy, with a session on all that is allowed and attempts at what is not.
CHANGES ?= 20
soak-rollout: test-packages
	swift build --build-tests
	ROLLOUT_HOSTS=$(or $(HOSTS),100) ROLLOUT_CHANGES=$(CHANGES) swift test --skip-build --filter RolloutTrafficTests

# The suites that need neither kernel nor namespaces.
PURE := Addressing|Artifacts|ConnectionDiff|ConnectionSpace|Diagnostics|Fuzz|HostState|Inventory|Lint|PolicySpace|Reachability
PURE := $(PURE)|RulesetCompiler|RulesetDiff|RulesetShape|RulesetSpace|Schema|Structure

# Of those, the suites that try thousands of cases or fill disks: minutes, which make test has.
LONG := OutputDirectory|OutputFault|HostileInput|Lines|KindsOfLines|GuardProof|ReachProof|CoveredProof|Mode|Oracle
LONG := $(LONG)|SizeAndMode|Crasher|IntervalSet|TrialTable|PolicySpace|ExpiryOracle|CompiledTable|ClosedEnd|RandomRuleset

# What is wrong shows within half a minute of the build.
quick: packages
	swift build --build-tests
	swift test --skip-build --filter "^($(PURE))Tests\\." --skip "\\.($(LONG))Tests/"

# The main job from end to end, in network namespaces; without root in a user namespace.
demo: build run-packages
	packaging/demo "$$(swift build --show-bin-path)/sekisho"

# From nothing to enforced with real programs, which are unpacked and not installed; needs root.
demo-adopt: build run-packages
	packaging/adopt-programs .build/adopt
	packaging/demo-adopt "$$(swift build --show-bin-path)/sekisho" .build/adopt

# Runs the four fuzzers, each for FUZZ_SECONDS (60); what they find is kept in Tests/Fuzz/Crashers.
fuzz: build
	Tests/Fuzz/run "$$(swift build --show-bin-path)/sekisho" $(FUZZ_TARGETS)

lint:
	swift format lint --strict --recursive Sources Tests Package.swift

format:
	swift format --in-place --recursive Sources Tests Package.swift

# Records the goldens anew; review the difference before committing it.
golden: test-packages
	-RECORD=1 swift test
	git status --short Tests/Golden

release: packages
	@mkdir -p $(STATIC_LIBRARIES)
	@ln -sf "$$(gcc -print-file-name=libstdc++.a)" "$$(gcc -print-file-name=libyaml.a)" $(STATIC_LIBRARIES)/
	@toolchain="$$(dirname "$$(readlink -f "$$(command -v swift)")")/../lib/swift_static/linux" && \
		packaging/collectable $(STATIC_LIBRARIES) $(COLLECTABLE:%="$$toolchain/lib%.a")
	swift build $(STATIC) --product sekisho

# Every figure of docs/performance.md, measured in one run; kernel parts in namespaces of their own.
bench: release test-packages
	swift build $(STATIC) --product benchmark
	$(STATIC_BUILD)/release/benchmark $(STATIC_BUILD)/release/sekisho .build/benchmark/$$$$

# The pages of the library products, in .build/documentation; a warning fails.
documentation: build
	packaging/documentation "$$(swift build --show-bin-path)" .build/documentation

# Manual pages and completions, of what the program says of itself.
manual: release
	@packaging/install-packages $(MANUAL_PACKAGES)
	rm -rf $(MANUAL)
	packaging/manual $(RELEASED) $(MANUAL)
	for shell in bash zsh fish; do \
		$(RELEASED) --generate-completion-script $$shell | sed '1{/^#!/d}' > $(MANUAL)/sekisho.$$shell || exit 1; \
	done

UNITS := sekisho-boot.service sekisho-watch.service sekisho-metrics.service sekisho-metrics.timer sekisho-pull.service sekisho-pull.timer

# Copies what make manual has built, and builds nothing: as root, for a prefix that is root's.
install:
	@test -d $(MANUAL) || { echo "Nothing is built to be installed. Run first:  make manual" >&2; exit 1; }
	install -D -m 0755 $(RELEASED) "$(INTO)/bin/sekisho"
	install -d "$(INTO)/lib/systemd/system" "$(INTO)/lib/sysusers.d" "$(INTO)/lib/tmpfiles.d"
	for unit in $(UNITS); do \
		sed 's|/usr/local/bin/|$(PREFIX)/bin/|' packaging/$$unit > "$(INTO)/lib/systemd/system/$$unit" || exit 1; \
	done
	install -m 0644 packaging/sysusers.conf "$(INTO)/lib/sysusers.d/sekisho.conf"
	install -m 0644 packaging/tmpfiles.conf "$(INTO)/lib/tmpfiles.d/sekisho.conf"
	for section in 5 7 8; do \
		install -d "$(INTO)/share/man/man$$section" && \
		install -m 0644 $(MANUAL)/man$$section/* "$(INTO)/share/man/man$$section/" || exit 1; \
	done
	install -D -m 0644 $(MANUAL)/sekisho.bash "$(INTO)/share/bash-completion/completions/sekisho"
	install -D -m 0644 $(MANUAL)/sekisho.zsh "$(INTO)/$(ZSH_COMPLETIONS)/_sekisho"
	install -D -m 0644 $(MANUAL)/sekisho.fish "$(INTO)/share/fish/vendor_completions.d/sekisho.fish"

# What is enforced goes on, and what was confirmed is kept: sekisho stop --until for-good ahead of it ends the one.
uninstall:
	rm -f "$(INTO)/bin/sekisho" "$(INTO)/lib/sysusers.d/sekisho.conf" "$(INTO)/lib/tmpfiles.d/sekisho.conf" \
		$(UNITS:%="$(INTO)/lib/systemd/system/%") \
		"$(INTO)/share/man/man5/sekisho-inventory.5" "$(INTO)/share/man/man7/sekisho-agent.7" \
		"$(INTO)/share/man/man8/sekisho.8" \
		"$(INTO)/share/man/man8/sekisho-"*.8 "$(INTO)/share/bash-completion/completions/sekisho" \
		"$(INTO)/$(ZSH_COMPLETIONS)/_sekisho" "$(INTO)/share/fish/vendor_completions.d/sekisho.fish"

# A package for Debian 12, in .build/deb, for the architecture of this machine: arm64 is made on arm64.
deb: manual
	@packaging/install-packages $(DEB_PACKAGES)
	rm -rf .build/deb
	$(MAKE) --no-print-directory install DESTDIR=$(CURDIR)/.build/deb/tree PREFIX=/usr \
		ZSH_COMPLETIONS=share/zsh/vendor-completions
	packaging/deb .build/deb/tree .build/deb

# The same for others, in .build/tarball: the program, the two libraries it is linked to, manual, completions and units.
tarball: manual
	@packaging/install-packages patchelf
	rm -rf .build/tarball
	$(MAKE) --no-print-directory install DESTDIR=$(CURDIR)/.build/tarball/tree PREFIX=/usr/local
	packaging/tarball .build/tarball/tree .build/tarball

# A package of somebody else that uses the library products of what is committed here.
test-library: packages
	Tests/Packages/library

# Package and tarball as their users meet them, in a Debian of its own; lintian has nothing to say of the package.
test-deb: deb tarball
	@packaging/install-packages lintian debootstrap
	Tests/Packages/run .build/deb/sekisho_*.deb .build/tarball/sekisho-*.tar.gz

clean:
	swift package clean
	rm -rf $(STATIC_BUILD) $(MANUAL) .build/benchmark .build/boot .build/deb .build/documentation .build/tarball

packages:
	@packaging/install-packages $(BUILD_PACKAGES)

run-packages:
	@packaging/install-packages $(RUN_PACKAGES)

test-packages: packages run-packages
	@packaging/install-packages $(TEST_PACKAGES)
