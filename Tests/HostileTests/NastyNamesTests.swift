import Testing

/// Whatever things are called, the kernel gets what was compiled.
@Suite(.enabled(if: Shell.obstacle == nil, "\(Shell.obstacle ?? "")"))
struct NastyNamesTests {
  @Test(
    .enabled(if: Shell.isRoot, "a user's socket does not take as much as nft sends at once"),
    arguments: 0..<8)
  func `text, JSON and our own apply give one listing, whatever things are called`(seed: Int) throws {
    let inventory = NastyInventory(seed: UInt64(seed))
    try withShell { shell in
      try shell.write("inventory/all.yaml", inventory.text)
      try shell.write(
        "each.sh",
        """
        for file in out/*.nft; do
          host=$(basename "$file" .nft)
          ip address flush dev lo
          for address in $(grep -F "\\\"$host\\\":" out/manifest.json | grep -o '10\\.0\\.0\\.[0-9]*\\|2001:db8::[0-9]*')
          do ip address add "$address" dev lo; done
          nft -f "$file"; nft list ruleset > text; nft flush ruleset
          nft -j -f "out/$host.json"; nft list ruleset > json; nft flush ruleset
          sekisho apply --no-trial --local --host "$host" --yes --allow-lockout "$host" -q; nft list ruleset > applied
          cmp text json; cmp text applied
          sekisho diff --local --host "$host" -q || { echo "$host is not what was applied"; exit 1; }
          nft flush ruleset; echo "$host"
        done
        """)
      let result = try shell.run("sekisho compile -q -o out; sh -e each.sh")
      #expect(result.status == 0, "\(result.all)\n\(inventory.text)")
      #expect(Set(result.output.split(separator: "\n").map(String.init)) == Set(inventory.hosts))
    }
  }

  @Test(arguments: ["224.0.0.0/4", "ff00::/8", "ff02::1:0/112", "239.0.0.1"])
  func `a group of any width compiles at once`(group: String) throws {
    try withShell { shell in
      try shell.write(
        "inventory/all.yaml",
        """
        version: 1
        services: {wide: {protocol: udp, ports: [1], multicast: [224.0.0.1, "ff02::1", "\(group)"]}}
        hosts:
          a: {addresses: [10.0.0.1, "2001:db8::1"]}
          b: {addresses: [10.0.0.2, "2001:db8::2"]}
        flows: {f: {from: a, to: b, service: wide, why: test}}
        """)
      let result = try shell.run("timeout 20 sekisho compile -q -o out; nft -c -f out/a.nft")
      #expect(result.status == 0, "\(result.all)")
    }
  }
}
