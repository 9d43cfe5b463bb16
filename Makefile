# Every target installs the Debian packages it needs when they are missing, and says so.

BUILD_PACKAGES := libmnl-dev libnftnl-dev libyaml-dev pkg-config
RUN_PACKAGES := nftables iproute2 util-linux
TEST_PACKAGES := conntrack openssh-server openssh-client iptables arptables ebtables systemd
CONTAINER_PACKAGES := docker.io podman netavark busybox-static iptables
BOOT_PACKAGES := qemu-system-x86 debootstrap

PREFIX ?= /usr/local

# One file to copy, which needs libmnl, libnftnl and libyaml of the system: the Swift runtime and the C++
# library it uses are linked in. The linker takes libstdc++.a because it is the only one in the first
# directory it looks into. Nothing loads symbols from the binary, so that it exports none, packed relocations
# need glibc 2.36 (Debian 12), and what nothing in it needs is left out, of our own and of the toolchain's
# (packaging/collectable): together a fifth of its size. Functions whose code is the same become one: only who
# compares functions or key paths would notice, and nothing in it does. no-unwind.ld says what else is left out.
# Builds with other flags than these go elsewhere: in one place each would undo the other.
STATIC_BUILD := .build/static
STATIC_LIBRARIES := $(CURDIR)/$(STATIC_BUILD)/libraries
COLLECTABLE := swiftCore swift_Concurrency swift_RegexParser swift_StringProcessing FoundationEssentials \
	_FoundationCollections
STATIC := --scratch-path $(STATIC_BUILD) -c release --static-swift-stdlib -Xlinker -s \
	-Xswiftc -Xfrontend -Xswiftc -internalize-at-link -Xswiftc -Xfrontend -Xswiftc -function-sections \
	-Xlinker --gc-sections -Xlinker --icf=all -Xlinker -z -Xlinker nostart-stop-gc -Xlinker --no-export-dynamic \
	-Xlinker -z -Xlinker pack-relative-relocs -Xswiftc -use-ld=lld \
	-Xlinker --no-eh-frame-hdr -Xlinker -T$(CURDIR)/packaging/no-unwind.ld \
	$(foreach name,$(COLLECTABLE),-Xlinker '--remap-inputs=*/lib$(name).a=$(STATIC_LIBRARIES)/lib$(name).a') \
	-Xlinker -L$(STATIC_LIBRARIES) -Xswiftc -Xclang-linker -Xswiftc -static-libgcc

.PHONY: build release test test-containers test-boot quick soak fuzz lint format golden demo demo-adopt bench documentation install clean
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

# A Debian 12 that is booted in emulation with what install puts into it: some minutes behind the release.
test-boot:
	@packaging/install-packages $(BOOT_PACKAGES)
	$(MAKE) install DESTDIR=$(CURDIR)/.build/boot/tree PREFIX=/usr/local
	Tests/Boot/run .build/boot/tree

# Changes of a host under traffic for SECONDS (600): nothing allowed may be lost, nothing denied may pass.
SECONDS ?= 600
soak: test-packages
	swift build --build-tests
	SOAK_SECONDS=$(SECONDS) swift test --skip-build --filter SoakTests

# The suites that need neither kernel nor namespaces.
PURE := Addressing|Artifacts|ConnectionDiff|ConnectionSpace|Diagnostics|Fuzz|HostState|Inventory|Lint|PolicySpace|Reachability
PURE := $(PURE)|RulesetCompiler|RulesetDiff|RulesetShape|RulesetSpace|Structure

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
	@ln -sf "$$(gcc -print-file-name=libstdc++.a)" $(STATIC_LIBRARIES)/
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

install: release
	install -D -m 0755 $(STATIC_BUILD)/release/sekisho "$(DESTDIR)$(PREFIX)/bin/sekisho"
	install -d "$(DESTDIR)$(PREFIX)/lib/systemd/system"
	for unit in sekisho-boot.service sekisho-watch.service; do \
		sed 's|/usr/local/bin/|$(PREFIX)/bin/|' packaging/$$unit \
			> "$(DESTDIR)$(PREFIX)/lib/systemd/system/$$unit" || exit 1; \
	done

clean:
	swift package clean
	rm -rf $(STATIC_BUILD) .build/benchmark .build/boot .build/documentation

packages:
	@packaging/install-packages $(BUILD_PACKAGES)

run-packages:
	@packaging/install-packages $(RUN_PACKAGES)

test-packages: packages run-packages
	@packaging/install-packages $(TEST_PACKAGES)
