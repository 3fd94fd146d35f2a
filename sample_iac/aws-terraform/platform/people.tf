# People who may sign in to the console.  They are not programs: no finding about workloads belongs here.

resource "aws_iam_group" "harbour_masters" {
  name = "harbour-masters"
}

resource "aws_iam_group_policy_attachment" "harbour_masters" {
  group      = aws_iam_group.harbour_masters.name
  policy_arn = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"
}

resource "aws_iam_user" "marta_lindqvist" {
  name = "marta.lindqvist"
  path = "/people/"
}

resource "aws_iam_user_login_profile" "marta_lindqvist" {
  user                    = aws_iam_user.marta_lindqvist.name
  password_reset_required = true
}

resource "aws_iam_user_group_membership" "marta_lindqvist" {
  user   = aws_iam_user.marta_lindqvist.name
  groups = [aws_iam_group.harbour_masters.name]
}
