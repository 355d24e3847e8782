/// Where a node keeps things in its home directory.
package struct NodeHome: Sendable {
    package let path: String

    package init(path: String) { self.path = path }

    package var database: String { path + "/chain" }
    package var artifacts: String { path + "/artifacts" }
    /// What is known of other nodes.
    package var peers: String { path + "/peers" }
    /// The signing record: apart from the database, so that restoring one does not restore both.
    package var signed: String { path + "/signed" }
}
