import Foundation
import Testing

/// What a compile leaves behind, and what readers make of it.
@Suite(.enabled(if: Shell.obstacle == nil, "\(Shell.obstacle ?? "")"))
struct CompiledDirectoryTests {
  @Test func `a directory that was compiled in parts is never taken for one inventory`() throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", CommandLineTests.inventory)
      let result = try shell.run(
        """
        sekisho compile -q -o whole; sekisho compile -q -o part --host a
        status=0; sekisho diff whole part > said 2>&1 || status=$?; test $status = 1
        grep 'b: part holds no ruleset of it' said; (! grep removed said)
        status=0; sekisho diff part whole > said 2>&1 || status=$?; test $status = 1; (! grep new said)
        status=0; sekisho diff --from part --host b 2> said || status=$?; test $status = 64
        grep 'compile that host too' said
        cp -r inventory changed; sed -i 's/service: ssh/service: web/' changed/all.yaml
        sekisho compile -q -i changed -o whole --host a
        grep -c '"inventory": "' whole/manifest.json; grep '"inventory": null' whole/manifest.json
        sekisho diff whole part 2>&1 | grep 'of 2 inventories'
        status=0; sekisho diff --from whole --host c 2> said || status=$?; grep 'of 2 inventories' said
        """)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test func `a compiled directory knows the groups of its hosts as the inventory does`() throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", CommandLineTests.inventory)
      let result = try shell.run(
        """
        ip address add 10.0.0.1 dev lo; sekisho compile -q -o out
        for source in "" "--from out"; do
          status=0; sekisho diff -q --local --host "left & !b" $source || status=$?; test $status = 2
          status=0; sekisho diff --local --host "all & !left" $source 2> said || status=$?; test $status = 64
          grep 'selects 2 hosts' said
          status=0; sekisho diff --local --host "right & !c" $source 2> said || status=$?; test $status = 1
          grep '^error: b:' said
          status=0; sekisho diff --local --host "nope" $source 2> said || status=$?; test $status = 64
          grep "no host, group or zone is called 'nope'" said
        done
        # A manifest that knows no groups has hosts all the same.
        sed -i 's/, "groups": .[^]]*.//' out/manifest.json; (! grep groups out/manifest.json)
        status=0; sekisho diff -q --local --host a --from out || status=$?; test $status = 2
        status=0; sekisho diff -q --local --host left --from out || status=$?; test $status = 64
        """)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test func `a compile that fails leaves nothing behind, and a plan that cannot be written neither`() throws
  {
    try withShell { shell in
      try shell.write("inventory/all.yaml", CommandLineTests.inventory)
      let result = try shell.run(
        """
        ip address add 10.0.0.1 dev lo; mkdir small there
        # A file system with room for so many files breaks off a compile at each of them.
        unshare -m sh -ec 'for room in $(seq 1 40); do
            mount -t tmpfs -o nr_inodes=$room tmpfs small
            if sekisho compile -q -o small/out 2> said; then umount small; echo $room; break; fi
            grep "No space" said; find small -mindepth 1 | (! grep .); umount small
          done' > rooms
        test $(wc -l < rooms) -gt 8; tail -n 1 rooms | grep -v "No space"
        status=0; sekisho diff --local --host a --out there 2> said || status=$?; test $status = 1
        grep "there: cannot rename the file: Is a directory" said
        ls -A there . | (! grep tmp)
        """)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test(.enabled(if: Shell.obstacleToDisks == nil, "\(Shell.obstacleToDisks ?? "")"))
  func `after a power cut no file of a host is empty`() throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", CommandLineTests.inventory)
      // What stands on the disk at a moment is what a power cut at that moment would leave: the copies are
      // taken beneath the file system, which brings all names to disk when anybody asks for one file, and
      // the bytes of others much later.
      let result = try shell.run(
        """
        truncate -s 8M disk; mkfs.ext4 -q disk; mkdir mounted
        unshare -m sh -ec 'mount -o loop disk mounted
          for flow in "service: ssh" "service: web"; do
            sed "s/service: ssh/$flow/" inventory/all.yaml > changed.yaml
            sekisho compile -q -i changed.yaml -o mounted/out
            echo $flow > mounted/other; sync mounted/other; cp disk "cut-${flow#*: }"
          done
          for cut in cut-*; do
            mkdir $cut.d; mount -o loop $cut $cut.d
            test -e $cut.d/out/manifest.json
            find $cut.d/out -type f -size 0 | (! grep .)
            for host in a b c; do sekisho diff -q --local --host $host --from $cut.d/out > said 2>&1 || true
              (! grep "missing\\|not what\\|not the ruleset\\|no host" said); done
            echo $cut
          done'
        """)
      #expect(result.status == 0, "\(result.all)")
      #expect(result.output.contains("cut-ssh") && result.output.contains("cut-web"), "\(result.all)")
    }
  }
}
