/// The version of the tool: what `--version` prints, and what agents are asked for.
package let toolVersion = "0.1.0"
