"""A provider may have a certificate authority of its own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0001_begin"),
    ]

    operations = [
        migrations.AddField(
            model_name="identityprovider",
            name="authority",
            field=models.TextField(default=""),
        ),
    ]
