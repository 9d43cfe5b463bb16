internal import CRevision

/// The version of the tool: what agents are asked for.
package let toolVersion = "0.1.0"

/// What `--version` prints: the version, and of which revision of git the program was built where that is known.
package let versionText: String = {
  let revision = unsafe String(cString: sekisho_revision())
  return revision.isEmpty ? toolVersion : "\(toolVersion) (\(revision))"
}()
