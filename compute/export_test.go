package compute

// Routes are the rows of the application, for tests that hold them against Nova's
// contract.
var Routes = allRoutes
