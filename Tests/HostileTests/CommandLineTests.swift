import Foundation
import Testing

/// Odd arguments, odd files and odd surroundings of the program.
@Suite(.enabled(if: Shell.obstacle == nil, "\(Shell.obstacle ?? "")"))
struct CommandLineTests {
  static let inventory = """
    version: 1
    services: {ssh: tcp/22, web: tcp/80}
    networks: {internet: {prefixes: ["0.0.0.0/0", "::/0"], except: [managed, private]}}
    hosts:
      a: {addresses: [10.0.0.1, "2001:db8::1"], groups: [left]}
      b: {addresses: [10.0.0.2, "2001:db8::2"], groups: [right]}
      c: {addresses: [10.0.0.3], groups: [right]}
    flows:
      b-to-a: {from: right, to: a, service: ssh, why: test}
      all-to-b: {from: internet, to: b, service: web, why: test}
    """

  struct Case: Sendable, CustomTestStringConvertible {
    let command: String
    let status: Int32
    let says: String

    init(_ command: String, _ status: Int32, _ says: String) {
      (self.command, self.status, self.says) = (command, status, says)
    }

    var testDescription: String { command }
  }

  private static let cases: [Case] = [
    Case("compile --shard 1/0", 64, "--shard"),
    Case("compile --shard 1/-3", 64, "--shard"),
    Case("compile --shard 0/4", 64, "--shard"),
    Case("compile --shard 5/4", 64, "--shard"),
    Case("compile --shard 1/4/", 64, "--shard"),
    Case("compile --shard 9223372036854775808/9223372036854775808", 64, "--shard"),
    Case("compile --host ''", 64, "a name is missing"),
    Case("compile --host ,", 64, "a name is missing"),
    Case("compile --host 'left &'", 64, "a name is missing"),
    Case("compile --host 'left & !'", 64, "a name is missing"),
    Case("compile --host 'left,'", 64, "a name is missing"),
    Case("compile --host 'left & right'", 64, "selects no host"),
    Case("compile --host '!left'", 64, "excludes before it selects"),
    Case("compile --host nope", 64, "no host, group or zone"),
    Case("compile -o ''", 1, "name of the directory is empty"),
    Case("compile -o no/such", 1, "mkdir -p"),
    Case("compile -o /dev/null", 1, "/dev/null"),
    Case("compile -i nope", 1, "--inventory"),
    Case("compile -i ''", 1, "--inventory"),
    Case("diff --from out --host ''", 64, "a name is missing"),
    Case("apply --yes --from out --host ''", 64, "a name is missing"),
    Case("apply --yes --from out --host a,", 64, "a name is missing"),
    Case("diff --from nope --local --host a", 1, "nope"),
    Case("diff out", 64, "two sources"),
    Case("diff out inventory --lab", 64, "two sources"),
    Case("diff out inventory", 0, "no change in meaning"),
    Case("diff damaged inventory", 1, "not a manifest"),
    Case("diff --local --lab --host a", 64, "exclude each other"),
    Case("diff --local", 64, "--host"),
    Case("diff --local --host right", 64, "this machine is one of them"),
    Case("apply --local --host a", 64, "--yes"),
    Case("diff --lab", 1, "no lab is up"),
    Case("explain a b", 64, "FROM, TO and SERVICE"),
    Case("explain '' '' ''", 64, "no host"),
    Case("explain b a ssh", 0, "allowed"),
    Case("explain a b tcp/0", 64, "no service"),
    Case("explain --batch nope", 1, "No such file"),
    Case("explain --batch inventory", 1, "directory"),
    Case("lab exec a -- true", 1, "no lab is up"),
    Case("check -i /dev/zero", 1, "not a regular file"),
  ]

  private static let preparation =
    "ip address add 10.0.0.1 dev lo; sekisho compile -q -o out; mkdir damaged; echo '{}' > damaged/manifest.json"

  @Test(arguments: cases)
  func `a command says what is wrong and what to do, with its exit code`(_ it: Case) throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      let result = try shell.run("\(Self.preparation); exec sekisho \(it.command)")
      #expect(result.status == it.status, "\(result.all)")
      #expect(result.all.contains(it.says), "\(result.all)")
      #expect(!result.all.contains("Fatal error"), "\(result.all)")
      #expect(!result.all.contains("CocoaError"), "\(result.all)")
    }
  }

  @Test(arguments: [
    "check", "compile -o again", "diff --local --host a", "diff out inventory", "explain b a ssh",
    "apply --no-trial --local --host a --yes", "lab status", "status", "status --local --host a",
  ])
  func `what is asked for as JSON is JSON, and nothing else is beside it`(command: String) throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      let result = try shell.run("\(Self.preparation); sekisho \(command) --json || test $? = 2")
      #expect(result.status == 0, "\(result.all)")
      if command == "check" {
        for line in result.output.split(separator: "\n") {
          #expect((try? JSONSerialization.jsonObject(with: Data(line.utf8))) != nil, "\(line)")
        }
        return
      }
      let object = try? JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
      #expect(object?["format_version"] as? Int == 1, "\(result.all)")
    }
  }

  @Test(arguments: [
    "explain b a ssh", "diff --local --host a --objects", "diff --local --host a --json", "--help", "check",
    "compile -o again --json",
  ])
  func `output that nobody reads, or that does not fit, is no crash`(command: String) throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      let program = "ip address add 10.0.0.1 dev lo; sekisho"
      for sink in ["| head -c 1 > one", "> /dev/full", ">&-", "2>&-", "< /dev/null >&- 2>&-"] {
        let result = try shell.run("{ \(program) \(command); echo status $? >&2; } \(sink) || true")
        #expect(!result.all.contains("Fatal error"), "\(command) \(sink): \(result.all)")
        #expect(!result.all.contains("Backtrac"), "\(command) \(sink): \(result.all)")
      }
      let full = try shell.run("sekisho explain b a ssh > /dev/full")
      #expect(full.status == 1, "\(full.all)")
      #expect(full.all.contains("cannot write the output"), "\(full.all)")
    }
  }

  @Test(arguments: ["--version", "apply --local --host a --yes", ""])
  func `where nothing says what to do nothing is done, and not called done`(command: String) throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      let result = try shell.run("unshare --mount sh -c 'mount -t tmpfs none /proc; exec sekisho \(command)'")
      #expect(result.status == 1 && result.all.hasPrefix("error: /proc is not there"), "\(result.all)")
    }
  }

  @Test func `a compile that finds an edited ruleset writes it again`() throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      let result = try shell.run(
        """
        sekisho compile -q -o out; cp out/a.nft good
        echo 'add rule inet sekisho input accept' >> out/a.nft
        sekisho compile -o out; cmp good out/a.nft
        # In place, and of the same length.
        tr 2 3 < good > edited; cat edited > out/a.nft; (! cmp -s good out/a.nft)
        sekisho compile -q -o out; cmp good out/a.nft
        # A link to somewhere else in its place.
        cp good kept; for file in out/rulesets/*.nft; do rm $file; ln -s ../../kept $file; done
        sekisho compile -q -o out; cmp good out/a.nft; cmp good kept
        for file in out/rulesets/*.nft; do test ! -L $file; done
        sekisho compile -o out
        """)
      #expect(result.status == 0, "\(result.all)")
      #expect(result.errors.hasSuffix("0 written, 3 unchanged, 0 removed\n"), "\(result.all)")
    }
  }

  @Test(arguments: ["ln -s /dev/zero", "mkfifo", "mkdir"])
  func `a manifest that is no file is refused at once`(make: String) throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      let result = try shell.run(
        "mkdir out; \(make) out/manifest.json; exec timeout 10 sekisho compile -o out")
      #expect(result.status == 1, "\(result.all)")
    }
  }

  @Test(arguments: [
    #"s/"ssh": "a"/"ssh": "-oProxyCommand=id"/"#, #"s/"ssh": "a"/"ssh": "$(id)"/"#, #"s/^"a"/"..\/a"/"#,
    #"s/^"a"/".a"/"#, #"s/^"a"/"a\\u0000"/"#, #"s/"ruleset": "../"ruleset": "zz/"#, #"s/enforce/ignore/"#,
    #"s/"format_version": 1/"format_version": 2/"#, "s/}$//",
  ])
  func `a manifest that somebody has changed is refused`(edit: String) throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      try shell.write("edit.sed", edit + "\n")
      let result = try shell.run(
        """
        sekisho compile -q -o out; sed -f edit.sed out/manifest.json > t; (! cmp -s t out/manifest.json)
        cat t > out/manifest.json; exec sekisho diff --host a --from out
        """)
      #expect(result.status == 1, "\(result.all)")
      #expect(result.all.contains("not a manifest of this version"), "\(result.all)")
    }
  }

  @Test func `artifacts that somebody has changed are refused`() throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      let result = try shell.run(
        """
        ip address add 10.0.0.1 dev lo
        sekisho compile -q -o out
        for file in out/rulesets/*.json; do sed 's/"drop"/"accept"/' "$file" > t; cat t > "$file"; done
        status=0; sekisho apply --no-trial --from out --local --host a --yes || status=$?; test $status = 1
        nft list tables | (! grep sekisho)
        """)
      #expect(result.status == 0, "\(result.all)")
      #expect(result.all.contains("not what was compiled"), "\(result.all)")
    }
  }

  @Test(.enabled(if: Shell.isRoot, "only root may mount a small file system"))
  func `a disk that is full leaves what was there`() throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      let result = try shell.run(
        """
        mkdir out
        unshare -m sh -ec 'mount -t tmpfs -o size=64k tmpfs out
          sekisho compile -q -o out --host c; cat out/manifest.json out/c.nft > before
          dd if=/dev/zero of=out/filler bs=1k 2> /dev/null || true
          status=0; sekisho compile -o out || status=$?; test $status = 1
          cat out/manifest.json out/c.nft > after; cmp before after; ls -A out out/rulesets > names
          (! grep tmp names)'
        """)
      #expect(result.status == 0, "\(result.all)")
      #expect(result.all.contains("No space left"), "\(result.all)")
    }
  }

  @Test(arguments: ["--local --host b", "--host b", "--local --host b --from out", "--host b --from out"])
  func `a machine that has another host's addresses is not changed`(target: String) throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      // The way to b leads here, where a is.
      try shell.write("bin/ssh", "#!/bin/sh\nexec sekisho agent\n")
      let result = try shell.run(
        """
        PATH=$PWD/bin:$PATH
        sekisho compile -q -o out
        for verb in diff "apply --yes"; do
          status=0; sekisho $verb \(target) || status=$?; test $status = 1
        done
        ip address add 10.0.0.1 dev lo; ip address add 2001:db8::1 dev lo
        for verb in diff "apply --yes"; do
          status=0; sekisho $verb \(target) 2> said || status=$?; test $status = 1
          cat said; grep "not b: it calls itself $(uname -n) and has the addresses of a" said
        done
        # An address that wanders makes no other host of the machine.
        ip address add 10.0.0.2 dev lo
        status=0; sekisho apply --no-trial --yes \(target) || status=$?; test $status = 1
        test -z "$(nft list tables)"
        ip address add 2001:db8::2 dev lo; ip address delete 10.0.0.1/32 dev lo
        sekisho apply --no-trial --yes --allow-lockout b \(target); nft list tables | grep sekisho
        """)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test func `a selector names groups of the inventory, whether a flow uses them or not`() throws {
    try withShell { shell in
      try shell.write(
        "inventory/all.yaml",
        Self.inventory
          + """

          groups: {used: right, spare: "all & !c", nested: [spare, c], mixed: [c, internet], outside: internet}
          """.replacingOccurrences(of: "\n  ", with: "\n"))
      let result = try shell.run(
        """
        names() { sekisho compile -q -o "$2" --host "$1"; ls "$2" | sed -n 's/\\.nft//p' | tr '\\n' ' '; echo; }
        names spare 1; names nested 2; names 'nested & !used' 3; names used 4; names mixed 5
        status=0; sekisho compile --host outside 2> said || status=$?; test $status = 64
        grep "no host, group or zone is called 'outside'" said
        """)
      #expect(result.status == 0, "\(result.all)")
      #expect(
        result.output.hasPrefix("a b \na b c \na \nb c \nc \n"), "\(result.all)")
    }
  }

  @Test func `two compiles at once leave one whole output`() throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      let result = try shell.run(
        """
        for i in 1 2 3 4 5 6; do (sekisho compile -o out 2> log.$i || true) & done; wait
        sekisho compile -o out; sekisho diff out inventory
        """)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test func `an agent that dies while it is spoken to is told as such`() throws {
    try withShell { shell in
      let hosts = (1...2000).map {
        "  h\($0): {addresses: [10.1.\($0 / 250).\($0 % 250 + 1)], groups: [many]}"
      }
      try shell.write(
        "inventory/all.yaml",
        """
        version: 1
        services: {ssh: tcp/22}
        hosts:
          a: {addresses: [10.0.0.1]}
        \(hosts.joined(separator: "\n"))
        flows: {many-to-a: {from: many, to: a, service: ssh, why: test}}
        """)
      for (number, script) in [
        "exit 1", "exec <&-; sleep 0.3", "echo nonsense; exit 0", "head -c 10; exit 0", "printf '\\033[2J{'",
      ]
      .enumerated() {
        try shell.write("bin\(number)/ssh", "#!/bin/sh\n\(script)\n")
        let result = try shell.run(
          "PATH=$PWD/bin\(number):$PATH; exec timeout 20 sekisho diff --host a")
        #expect(result.status == 1, "\(script): \(result.status) \(result.all)")
        #expect(result.all.contains("error: a: "), "\(script): \(result.all)")
        #expect(!result.all.contains("\u{1b}"), "\(script): \(result.all)")
        #expect(!result.all.contains("cannot start"), "\(script): \(result.all)")
      }
    }
  }
}
